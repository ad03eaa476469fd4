#include "core/nn/cells/conv_lstm.h"

namespace nextframe {

namespace {

constexpr int kGates = 4;
constexpr int kForgetGate = 1;

}  // namespace

ConvLstm::ConvLstm(const Context& context, const std::string& prefix, const CellOptions& options)
    : Cell(context, options) {
  const GateDeclaration declaration{.gates = kGates, .forget_gate = kForgetGate};
  ids_ = declare_gates(context, prefix, options, declaration);
  const std::int64_t channels = options.hidden_channels;
  if (options.norm == Norm::kGroup) {
    const NormParameters norm = declare_norm(context, prefix, options, declaration);
    norm_.emplace(context, norm.weight, norm.bias, GateNorm::Channels{.count = kGates * channels}, channels);
  }
  if (options.peephole) {
    peephole_ = context.parameters.declare(
        {.name = prefix + ".peephole.weight", .shape = {3 * channels}, .kind = ParameterKind::kConstant});
  }
}

Tensor ConvLstm::bias() const {
  return ids_.input_bias_value(context_.parameters, 0, kGates * options_.hidden_channels);
}

void ConvLstm::prepare(const Geometry& geometry, InitialState initial, std::int64_t slots) {
  geometry_ = geometry;
  initial_ = initial;
  slots_ = slots;
  Geometry kept = geometry;
  kept.steps = slots_;
  gates_ = context_.allocate(kept.sequence(kGates * options_.hidden_channels));
  if (!norm_) return;
  normalised_ = context_.allocate(gates_.shape());
  norm_->begin(geometry, slots_);
}

void ConvLstm::convolve_input(const Tensor& x, const Tensor& gates) {
  context_.backend.convolution(input_spec(), x, context_.parameters.weight(ids_.input_weight), bias(), gates,
                               Write::kOverwrite);
}

void ConvLstm::begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) {
  prepare(geometry, initial, mode == Mode::kTraining || has_input() ? geometry.steps : 1);
  if (!has_input()) return;
  convolve_input(x.merged(), gates_.merged());
}

void ConvLstm::begin_steps(const Geometry& geometry, InitialState initial) {
  prepare(geometry, initial, geometry.steps);
}

void ConvLstm::take_input(std::int64_t t, const Tensor& x) { convolve_input(x, gates_.at(slot(t))); }

void ConvLstm::step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  const Tensor gates = gates_.at(slot(t));
  if (has_hidden(t)) {
    backend.convolution(hidden_spec(), previous[0], parameters.weight(ids_.hidden_weight),
                        has_input() ? Tensor() : bias(), gates, has_input() ? Write::kAccumulate : Write::kOverwrite);
  } else if (!has_input()) {
    start_from_bias(bias(), gates);
  }
  if (norm_) norm_->forward(slot(t), gates, normalised_.at(slot(t)));
  backend.lstm(previous[1], peephole_ ? parameters.value(*peephole_) : Tensor(), activated(t), next[1], next[0]);
}

void ConvLstm::begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) {
  geometry_ = geometry;
  initial_ = initial;
  slots_ = 1;
  tile_rows_ = norm_ ? geometry.height : rows;
  const Geometry tile = tile_geometry(geometry, tile_rows_);
  gates_ = context_.allocate(tile.sequence(kGates * options_.hidden_channels));
  if (!norm_) return;
  normalised_ = context_.allocate(gates_.shape());
  norm_->begin(tile, slots_);
}

void ConvLstm::step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                                    const RecurrentState& next) {
  const ParameterSet& parameters = context_.parameters;
  const GateWeights weights{.input = has_input() ? parameters.weight(ids_.input_weight) : WeightView(),
                            .hidden = parameters.weight(ids_.hidden_weight),
                            .bias = bias()};
  for (const Range& tile : pieces_of(geometry_.height, tile_rows_)) {
    const Tensor gates = gates_.at(0).rows({0, tile.size()});
    convolve_tile(tile, weights, x, has_hidden(t) ? previous[0] : Tensor(), gates);
    if (norm_) norm_->forward(0, gates, normalised_.at(0));
    context_.backend.lstm(previous[1].rows(tile), peephole_ ? parameters.value(*peephole_) : Tensor(),
                          norm_ ? normalised_.at(0) : gates, next[1].rows(tile), next[0].rows(tile));
  }
}

void ConvLstm::restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  context_.backend.lstm_state(previous[1], activated(t), next[1], next[0]);
}

void ConvLstm::step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState& next,
                             const RecurrentState& dstate, const Tensor& dprevious) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  const Tensor dgates = activated(t);
  backend.lstm_backward(previous[1], next[1], peephole_ ? parameters.value(*peephole_) : Tensor(), dstate[0], dgates,
                        dstate[1], peephole_ ? parameters.gradient(*peephole_) : Tensor());
  if (norm_) norm_->backward(t, gates_.at(t), dgates);
  if (has_hidden(t)) {
    backend.convolution_transposed(hidden_spec(), dgates, parameters.weight(ids_.hidden_weight), {}, dprevious,
                                   Write::kAccumulate);
  }
}

void ConvLstm::add_input_gradient(std::int64_t t, const Tensor& dx) {
  ids_.input_gradient(context_, input_spec(), activated(t), 0, dx, Write::kAccumulate);
}

void ConvLstm::finish_hidden(const Tensor& hidden) {
  const Range ran{first_hidden(), geometry_.steps};
  if (ran.size() == 0) return;
  ids_.add_hidden_gradient(context_, hidden_spec(), hidden.range(ran), (norm_ ? normalised_ : gates_).range(ran), 0);
}

void ConvLstm::finish_input(const Tensor& x) {
  ids_.add_input_gradient(context_, input_spec(), x, norm_ ? normalised_ : gates_, 0);
}

void ConvLstm::input_gradient(const Tensor& dx) {
  ids_.input_gradient(context_, input_spec(), (norm_ ? normalised_ : gates_).merged(), 0, dx.merged(),
                      Write::kOverwrite);
}

void ConvLstm::release() {
  gates_ = Tensor();
  normalised_ = Tensor();
  if (norm_) norm_->release();
}

}  // namespace nextframe
