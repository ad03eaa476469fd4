#include "core/nn/recurrent_layer.h"

#include <utility>

#include "core/base/error.h"
#include "core/nn/cells/table.h"

namespace nextframe {

namespace {

RecurrentState with_hidden(const Tensor& hidden, const RecurrentState& beyond) {
  RecurrentState state{hidden};
  state.insert(state.end(), beyond.begin(), beyond.end());
  return state;
}

}  // namespace

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

Tensor RecurrentLayer::begin_hidden() const {
  const Tensor hidden = context_.allocate(geometry_.step(options().hidden_channels).with_front(geometry_.steps + 1));
  if (initial_.empty()) {
    context_.backend.fill(0.0, hidden.at(0));
  } else {
    context_.backend.copy(initial_[0], hidden.at(0));
  }
  return hidden;
}

RecurrentState RecurrentLayer::allocate_beyond() const {
  RecurrentState beyond;
  for (int i = 1; i < cell_->state_count(); ++i) {
    beyond.push_back(allocate_state(i, geometry_.step(options().hidden_channels)));
  }
  return beyond;
}

RecurrentState RecurrentLayer::initial_beyond() const {
  if (!initial_.empty()) return {initial_.begin() + 1, initial_.end()};
  RecurrentState zeros = allocate_beyond();
  for (const Tensor& zero : zeros) context_.backend.fill(0.0, zero);
  return zeros;
}

Tensor RecurrentLayer::forward(const Geometry& geometry, Tensor x, RecurrentState& state) {
  expect_state(state);
  const Part part(context_.backend, name_);
  geometry_ = geometry;
  initial_ = state;
  const Tensor hidden = begin_hidden();
  cell_->begin(geometry, x, initial_.empty() ? InitialState::kZero : InitialState::kGiven, Mode::kTraining);
  x = Tensor();
  RecurrentState before = initial_beyond();
  const RecurrentState after = allocate_beyond();
  for (std::int64_t t = 0; t < geometry.steps; ++t) {
    cell_->step(t, with_hidden(hidden.at(t), before), with_hidden(hidden.at(t + 1), after));
    before = after;  // from the second step on in place
  }
  // A copy: a view would keep the sequence alive.
  state = with_hidden(context_.allocate(hidden.shape().from(1)), after);
  context_.backend.copy(hidden.at(geometry.steps), state[0]);
  return hidden.range(1, geometry.steps + 1);
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

/// About as many pieces as each has steps, so that both together are few.
std::vector<Range> RecurrentLayer::pieces() const {
  std::int64_t length = 1;
  while (length * length < geometry_.steps) ++length;
  return pieces_of(geometry_.steps, length);
}

void RecurrentLayer::restore(std::int64_t t, const RecurrentState& before, const RecurrentState& after) {
  cell_->restore(t, with_hidden(hidden_.at(t), before), with_hidden(hidden_.at(t + 1), after));
}

Tensor RecurrentLayer::output() {
  if (!hidden_) {
    const Part part(context_.backend, name_);
    hidden_ = begin_hidden();
    RecurrentState before = initial_beyond();
    for (const Range& piece : pieces()) {
      starts_.push_back(before);
      const RecurrentState after = allocate_beyond();
      for (std::int64_t t = piece.first; t < piece.last; ++t) {
        restore(t, before, after);
        before = after;
      }
    }
  }
  return hidden_.range(1, geometry_.steps + 1);
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
  RecurrentState dstate(static_cast<std::size_t>(cell_->state_count()));
  for (std::size_t i = 1; i < dstate.size(); ++i) {
    dstate[i] = dfinal.empty() ? backend.zeros(dhidden_.shape().from(1), context_.exact_dtype()) : dfinal[i];
  }
  if (!dfinal.empty()) backend.add(1.0, dfinal[0], dhidden_.at(geometry_.steps), Write::kAccumulate);

  const std::vector<Range> all = pieces();
  for (std::size_t i = all.size(); i-- > 0;) {
    backward_piece(all[i], starts_[i], dstate);
    starts_.pop_back();
  }
  Gradients gradients;
  if (!initial_.empty()) {
    gradients.initial = std::move(dstate);
    gradients.initial[0] = context_.allocate(dhidden_.shape().from(1));
    backend.copy(dhidden_.at(0), gradients.initial[0]);
  }
  dstate.clear();
  dhidden_ = Tensor();
  cell_->finish_hidden(hidden_.range(0, geometry_.steps));
  hidden_ = Tensor();
  // One after the other: neither needs the other's memory.
  cell_->finish_input(x ? x() : Tensor());
  if (input == InputGradient::kWanted) {
    gradients.x = context_.allocate(geometry_.sequence(options().input_channels));
    cell_->input_gradient(gradients.x);
  }
  release();
  return gradients;
}

void RecurrentLayer::backward_piece(const Range& piece, const RecurrentState& start, RecurrentState& dstate) {
  std::vector<RecurrentState> beyond{start};  // before each step, and after the last
  for (std::int64_t t = piece.first; t < piece.last; ++t) {
    beyond.push_back(allocate_beyond());
    // A cell of h alone has all its states already.
    if (!start.empty()) restore(t, beyond[beyond.size() - 2], beyond.back());
  }
  for (std::int64_t t = piece.last - 1; t >= piece.first; --t) {
    const RecurrentState next = with_hidden(hidden_.at(t + 1), beyond.back());
    beyond.pop_back();
    dstate[0] = dhidden_.at(t + 1);
    cell_->step_backward(t, with_hidden(hidden_.at(t), beyond.back()), next, dstate, dhidden_.at(t));
  }
}

RecurrentState RecurrentLayer::zero_state(const Geometry& geometry) const {
  RecurrentState state;
  for (int i = 0; i < cell_->state_count(); ++i) {
    state.push_back(allocate_state(i, geometry.step(options().hidden_channels)));
    context_.backend.fill(0.0, state.back());
  }
  return state;
}

void RecurrentLayer::allocate_sequences() {
  sequences_ = {begin_hidden()};
  const RecurrentState beyond = initial_beyond();
  for (int i = 1; i < cell_->state_count(); ++i) {
    const Tensor sequence = allocate_state(i, sequences_[0].shape());
    context_.backend.copy(beyond[static_cast<std::size_t>(i - 1)], sequence.at(0));
    sequences_.push_back(sequence);
  }
}

RecurrentState RecurrentLayer::state_at(std::int64_t step) const {
  RecurrentState state;
  for (const Tensor& sequence : sequences_) state.push_back(sequence.at(step));
  return state;
}

void RecurrentLayer::begin_steps(const Geometry& geometry, const Tensor& x, const RecurrentState& state) {
  expect_state(state);
  const Part part(context_.backend, name_);
  geometry_ = geometry;
  initial_ = state;
  x_ = x;
  allocate_sequences();
  cell_->begin_steps(geometry, initial_.empty() ? InitialState::kZero : InitialState::kGiven);
}

void RecurrentLayer::step(std::int64_t t, const Tensor& memory) {
  const Part part(context_.backend, name_);
  RecurrentState previous = state_at(t);
  if (memory) previous.back() = memory;
  cell_->take_input(t, x_.at(t));
  cell_->step(t, previous, state_at(t + 1));
}

void RecurrentLayer::begin_backward(const RecurrentState& dfinal) {
  Backend& backend = context_.backend;
  const Part part(backend, name_);
  dhidden_ = backend.zeros(geometry_.step(options().hidden_channels).with_front(2), context_.dtype);
  dstate_.assign(sequences_.size(), Tensor());
  for (std::size_t i = 1; i < dstate_.size(); ++i) {
    dstate_[i] = dfinal.empty() ? backend.zeros(sequences_[i].shape().from(1), context_.exact_dtype()) : dfinal[i];
  }
  if (!dfinal.empty()) backend.copy(dfinal[0], hidden_gradient(geometry_.steps - 1));
}

void RecurrentLayer::step_backward(std::int64_t t, const Tensor& dx, const Tensor& memory, const Tensor& dmemory) {
  const Part part(context_.backend, name_);
  RecurrentState previous = state_at(t), dstate = dstate_;
  dstate[0] = hidden_gradient(t);
  if (memory) previous.back() = memory;
  if (dmemory) dstate.back() = dmemory;
  cell_->step_backward(t, previous, state_at(t + 1), dstate, hidden_gradient(t - 1));
  if (dx) cell_->add_input_gradient(t, dx);
  context_.backend.fill(0.0, dstate[0]);  // for the step before the one before
}

RecurrentState RecurrentLayer::finish_backward() {
  const Part part(context_.backend, name_);
  RecurrentState initial;
  if (!initial_.empty()) {
    initial = dstate_;
    initial[0] = context_.allocate(dhidden_.shape().from(1));
    context_.backend.copy(hidden_gradient(-1), initial[0]);
  }
  dstate_.clear();
  dhidden_ = Tensor();
  sequences_.resize(1);
  cell_->finish_hidden(sequences_[0].range(0, geometry_.steps));
  cell_->finish_input(x_);
  release();
  return initial;
}

void RecurrentLayer::release() {
  initial_.clear();
  hidden_ = Tensor();
  starts_.clear();
  dhidden_ = Tensor();
  sequences_.clear();
  dstate_.clear();
  x_ = Tensor();
  cell_->release();
}

}  // namespace nextframe
