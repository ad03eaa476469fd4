#include "core/nn/recurrent_layer.h"

#include "core/base/error.h"
#include "core/nn/cells/table.h"

namespace nextframe {

RecurrentLayer::RecurrentLayer(const Context& context, const std::string& prefix, const CellOptions& options)
    : context_(context), cell_(make_cell(context, prefix, options)) {}

Tensor RecurrentLayer::forward(const Geometry& geometry, const Tensor& x, const RecurrentState& initial, Mode mode) {
  if (!initial.empty() && static_cast<int>(initial.size()) != cell_->state_count()) {
    fail("[recurrent] got an initial state of {} tensors, expected {}", initial.size(), cell_->state_count());
  }
  geometry_ = geometry;
  initial_ = initial.empty() ? InitialState::kZero : InitialState::kGiven;
  sequences_.clear();
  for (int i = 0; i < cell_->state_count(); ++i) {
    const std::int64_t slots = i == 0 || mode == Mode::kTraining ? geometry.steps + 1 : 2;
    const Shape shape = geometry.step(options().hidden_channels).with_front(slots);
    // h is what the convolutions multiply; what else a cell keeps adds up over the steps.
    const Tensor sequence = i == 0 ? context_.allocate(shape) : context_.allocate_exact(shape);
    if (initial.empty()) {
      context_.backend.fill(0.0, sequence.at(0));
    } else {
      context_.backend.copy(initial[static_cast<std::size_t>(i)], sequence.at(0));
    }
    sequences_.push_back(sequence);
  }
  cell_->begin(geometry, x, initial_, mode);
  for (std::int64_t t = 0; t < geometry.steps; ++t) cell_->step(t, state_at(t), state_at(t + 1));
  if (mode == Mode::kInference) cell_->release();
  return sequences_[0].range(1, geometry.steps + 1);
}

RecurrentState RecurrentLayer::final_state() const { return state_at(geometry_.steps); }

RecurrentState RecurrentLayer::state_at(std::int64_t step) const {
  RecurrentState state;
  for (const Tensor& sequence : sequences_) state.push_back(sequence.at(slot(sequence, step)));
  return state;
}

Tensor RecurrentLayer::output_gradient() {
  dhidden_ = context_.allocate(sequences_[0].shape());
  return dhidden_.range(1, geometry_.steps + 1);
}

RecurrentState RecurrentLayer::backward(const RecurrentState& dfinal, const Tensor& dx) {
  Backend& backend = context_.backend;
  backend.fill(0.0, dhidden_.at(0));
  RecurrentState dstate(sequences_.size());
  for (std::size_t i = 1; i < dstate.size(); ++i) {
    dstate[i] = dfinal.empty() ? backend.zeros(sequences_[i].shape().from(1), context_.exact_dtype()) : dfinal[i];
  }
  if (!dfinal.empty()) backend.add(1.0, dfinal[0], dhidden_.at(geometry_.steps), Write::kAccumulate);

  cell_->begin_backward();
  for (std::int64_t t = geometry_.steps - 1; t >= 0; --t) {
    dstate[0] = dhidden_.at(t + 1);
    cell_->step_backward(t, state_at(t), state_at(t + 1), dstate, dhidden_.at(t));
  }
  RecurrentState dinitial;
  if (initial_ == InitialState::kGiven) {
    dinitial = dstate;
    dinitial[0] = context_.allocate(dhidden_.shape().from(1));
    backend.copy(dhidden_.at(0), dinitial[0]);
  }
  dhidden_ = Tensor();
  // Only h is needed from here on, for the weights of the hidden convolution.
  sequences_.resize(1);
  cell_->finish_backward(sequences_[0].range(0, geometry_.steps), dx);
  release();
  return dinitial;
}

void RecurrentLayer::release() {
  sequences_.clear();
  dhidden_ = Tensor();
  cell_->release();
}

}  // namespace nextframe
