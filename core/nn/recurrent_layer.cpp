#include "core/nn/recurrent_layer.h"

#include <utility>

#include "core/base/error.h"
#include "core/nn/cells/table.h"

namespace nextframe {

RecurrentLayer::RecurrentLayer(const Context& context, const std::string& prefix, const CellOptions& options)
    : context_(context), name_(prefix), cell_(make_cell(context, prefix, options)) {}

void RecurrentLayer::expect_state(const RecurrentState& state) const {
  if (!state.empty() && static_cast<int>(state.size()) != cell_->state_count()) {
    fail("[recurrent] got an initial state of {} tensors, expected {}", state.size(), cell_->state_count());
  }
}

Tensor RecurrentLayer::allocate_state(int index, const Shape& shape) const {
  // h is what the convolutions multiply; what else a cell keeps adds up over the steps.
  return index == 0 ? context_.allocate(shape) : context_.allocate_exact(shape);
}

void RecurrentLayer::allocate_sequences() {
  sequences_.clear();
  for (int i = 0; i < cell_->state_count(); ++i) {
    const Tensor sequence =
        allocate_state(i, geometry_.step(options().hidden_channels).with_front(geometry_.steps + 1));
    if (initial_.empty()) {
      context_.backend.fill(0.0, sequence.at(0));
    } else {
      context_.backend.copy(initial_[static_cast<std::size_t>(i)], sequence.at(0));
    }
    sequences_.push_back(sequence);
  }
}

Tensor RecurrentLayer::forward(const Geometry& geometry, const Tensor& x, RecurrentState& state) {
  expect_state(state);
  const Part part(context_.backend, name_);
  geometry_ = geometry;
  initial_ = state;
  allocate_sequences();
  cell_->begin(geometry, x, initial_.empty() ? InitialState::kZero : InitialState::kGiven, Mode::kTraining);
  for (std::int64_t t = 0; t < geometry.steps; ++t) cell_->step(t, state_at(t), state_at(t + 1));
  state.clear();
  // Copies: views would keep the sequences alive.
  for (const Tensor& last : state_at(geometry.steps)) {
    state.push_back(context_.backend.allocate(last.shape(), last.dtype()));
    context_.backend.copy(last, state.back());
  }
  const Tensor hidden = sequences_[0].range(1, geometry.steps + 1);
  sequences_.clear();
  return hidden;
}

Tensor RecurrentLayer::infer(const Geometry& geometry, const Tensor& x, RecurrentState& state, const Tiling& tiling) {
  expect_state(state);
  const Part part(context_.backend, name_);
  const Shape step = geometry.step(options().hidden_channels);
  const InitialState initial = state.empty() ? InitialState::kZero : InitialState::kGiven;
  const Tensor hidden = context_.allocate(step.with_front(geometry.steps));
  RecurrentState previous = std::move(state);
  RecurrentState next;
  for (int i = 0; i < cell_->state_count(); ++i) {
    if (initial == InitialState::kZero) {
      previous.push_back(allocate_state(i, step));
      context_.backend.fill(0.0, previous.back());
    }
    next.push_back(i == 0 ? hidden.at(0) : allocate_state(i, step));
  }
  if (tiling.rows > 0) {
    cell_->begin_tiles(geometry, initial, tiling.rows);
  } else {
    cell_->begin(geometry, x, initial, Mode::kInference);
  }
  for (std::int64_t t = 0; t < geometry.steps; ++t) {
    next[0] = hidden.at(t);
    if (tiling.rows > 0) {
      cell_->step_in_tiles(t, x ? x.at(t) : Tensor(), previous, next);
    } else {
      cell_->step(t, previous, next);
    }
    // From the second step on the states beyond h change in place.
    previous = next;
  }
  cell_->release();
  state = std::move(next);
  if (geometry.steps > 1) {
    // A view would keep the sequence alive.
    state[0] = context_.allocate(step);
    context_.backend.copy(hidden.at(geometry.steps - 1), state[0]);
  }
  return hidden;
}

RecurrentState RecurrentLayer::state_at(std::int64_t step) const {
  RecurrentState state;
  for (const Tensor& sequence : sequences_) state.push_back(sequence.at(step));
  return state;
}

Tensor RecurrentLayer::output() {
  if (sequences_.empty()) {
    const Part part(context_.backend, name_);
    allocate_sequences();
    for (std::int64_t t = 0; t < geometry_.steps; ++t) cell_->restore(t, state_at(t), state_at(t + 1));
  }
  return sequences_[0].range(1, geometry_.steps + 1);
}

Tensor RecurrentLayer::output_gradient() {
  const Part part(context_.backend, name_);
  dhidden_ = context_.allocate(geometry_.step(options().hidden_channels).with_front(geometry_.steps + 1));
  return dhidden_.range(1, geometry_.steps + 1);
}

RecurrentLayer::Gradients RecurrentLayer::backward(const RecurrentState& dfinal, const InputAgain& x,
                                                   InputGradient input) {
  Backend& backend = context_.backend;
  output();
  const Part part(backend, name_);
  backend.fill(0.0, dhidden_.at(0));
  RecurrentState dstate(sequences_.size());
  for (std::size_t i = 1; i < dstate.size(); ++i) {
    dstate[i] = dfinal.empty() ? backend.zeros(sequences_[i].shape().from(1), context_.exact_dtype()) : dfinal[i];
  }
  if (!dfinal.empty()) backend.add(1.0, dfinal[0], dhidden_.at(geometry_.steps), Write::kAccumulate);

  for (std::int64_t t = geometry_.steps - 1; t >= 0; --t) {
    dstate[0] = dhidden_.at(t + 1);
    cell_->step_backward(t, state_at(t), state_at(t + 1), dstate, dhidden_.at(t));
  }
  Gradients gradients;
  if (!initial_.empty()) {
    gradients.initial = std::move(dstate);
    gradients.initial[0] = context_.allocate(dhidden_.shape().from(1));
    backend.copy(dhidden_.at(0), gradients.initial[0]);
  }
  dstate.clear();
  dhidden_ = Tensor();
  // Only h is needed from here on, for the weights of the hidden convolution, and then not even that.
  sequences_.resize(1);
  cell_->finish_hidden(sequences_[0].range(0, geometry_.steps));
  sequences_.clear();
  const Tensor given = x ? x() : Tensor();
  if (input == InputGradient::kWanted) gradients.x = context_.allocate(geometry_.sequence(options().input_channels));
  cell_->finish_input(given, gradients.x);
  release();
  return gradients;
}

void RecurrentLayer::release() {
  initial_.clear();
  sequences_.clear();
  dhidden_ = Tensor();
  cell_->release();
}

}  // namespace nextframe
