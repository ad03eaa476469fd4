#include "core/nn/cells/conv_gru_after.h"

#include "core/base/error.h"

namespace nextframe {

namespace {

constexpr int kGates = 3;

std::int64_t bias_channels(const CellOptions& options) {
  switch (options.hidden_bias) {
    case HiddenBias::kNone:
      return 0;
    case HiddenBias::kAll:
      return kGates * options.hidden_channels;
    default:
      return options.hidden_channels;
  }
}

}  // namespace

ConvGruAfter::ConvGruAfter(const Context& context, const std::string& prefix, const CellOptions& options)
    : ConvGruAfter(context, prefix, options, {}) {}

ConvGruAfter::ConvGruAfter(const Context& context, const std::string& prefix, const CellOptions& options,
                           GateDeclaration declaration)
    : Cell(context, options), hidden_bias_channels_(bias_channels(options)) {
  if (options.norm != Norm::kNone) {
    reject("[convgru] got norm \"group\" with reset \"after\", expected reset \"before\" or norm \"none\"");
  }
  declaration.gates = kGates;
  declaration.hidden_bias_channels = hidden_bias_channels_;
  ids_ = declare_gates(context, prefix, options, declaration);
}

Tensor ConvGruAfter::bias() const {
  return ids_.input_bias_value(context_.parameters, 0, kGates * options_.hidden_channels);
}

Tensor ConvGruAfter::full_hidden_bias() const {
  if (!ids_.hidden_bias) return {};
  const Tensor& bias = context_.parameters.value(*ids_.hidden_bias);
  const std::int64_t full = kGates * options_.hidden_channels;
  if (hidden_bias_channels_ == full) return bias;
  const Tensor padded = context_.allocate_exact({full});
  context_.backend.fill(0.0, padded);
  context_.backend.copy(bias, padded.range(full - hidden_bias_channels_, full));
  return padded;
}

void ConvGruAfter::prepare(const Geometry& geometry, InitialState initial, Mode mode) {
  geometry_ = geometry;
  initial_ = initial;
  const std::int64_t channels = options_.hidden_channels;
  Geometry kept = geometry;
  if (mode == Mode::kInference) kept.steps = 1;
  hidden_candidate_ = context_.allocate(kept.sequence(channels));
  if (has_input()) kept.steps = geometry.steps;
  gates_ = context_.allocate(kept.sequence(kGates * channels));
  hidden_gates_ = context_.allocate(geometry.step(kGates * channels));
  hidden_bias_ = full_hidden_bias();
}

void ConvGruAfter::convolve_input(const Tensor& x, const Tensor& gates) {
  context_.backend.convolution(input_spec(), x, context_.parameters.weight(ids_.input_weight), bias(), gates,
                               Write::kOverwrite);
}

void ConvGruAfter::begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) {
  prepare(geometry, initial, mode);
  if (!has_input()) return;
  convolve_input(x.merged(), gates_.merged());
}

void ConvGruAfter::begin_steps(const Geometry& geometry, InitialState initial) {
  prepare(geometry, initial, Mode::kTraining);
}

void ConvGruAfter::take_input(std::int64_t t, const Tensor& x) { convolve_input(x, gates_.at(t)); }

void ConvGruAfter::step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  const Tensor gates = gates_.at(slot(t, gates_));
  if (!has_input()) start_from_bias(bias(), gates);
  if (has_hidden(t)) {
    make_hidden_gates(t, previous[0], hidden_gates_);
  } else {
    start_from_bias(hidden_bias_, hidden_gates_);
  }
  context_.backend.gru_after(options_.candidate, hidden_gates_, previous[0], gates,
                             hidden_candidate_.at(slot(t, hidden_candidate_)), next[0]);
  if (t + 1 == geometry_.steps) hidden_gates_ = Tensor();
}

void ConvGruAfter::make_hidden_gates(std::int64_t, const Tensor& hidden_previous, const Tensor& hidden_gates) {
  context_.backend.convolution(hidden_spec(), hidden_previous, context_.parameters.weight(ids_.hidden_weight),
                               hidden_bias_, hidden_gates, Write::kOverwrite);
}

void ConvGruAfter::make_hidden_gates_of_tile(const Range& tile, const Tensor& hidden_previous,
                                             const Tensor& hidden_gates) {
  const GateWeights weights{
      .input = WeightView(), .hidden = context_.parameters.weight(ids_.hidden_weight), .bias = hidden_bias_};
  convolve_tile(tile, weights, Tensor(), hidden_previous, hidden_gates);
}

void ConvGruAfter::make_hidden_gates_backward(std::int64_t, const Tensor&, const Tensor& dhidden_gates,
                                              const Tensor& dhidden_previous) {
  context_.backend.convolution_transposed(hidden_spec(), dhidden_gates, context_.parameters.weight(ids_.hidden_weight),
                                          {}, dhidden_previous, Write::kAccumulate);
}

void ConvGruAfter::begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) {
  geometry_ = geometry;
  initial_ = initial;
  tile_rows_ = rows;
  const Geometry tile = tile_geometry(geometry, rows);
  gates_ = context_.allocate(tile.sequence(kGates * options_.hidden_channels));
  hidden_candidate_ = context_.allocate(tile.sequence(options_.hidden_channels));
  hidden_gates_ = context_.allocate(gates_.shape().from(1));
  hidden_bias_ = full_hidden_bias();
}

void ConvGruAfter::step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                                        const RecurrentState& next) {
  const ParameterSet& parameters = context_.parameters;
  const GateWeights input{.input = has_input() ? parameters.weight(ids_.input_weight) : WeightView(),
                          .hidden = WeightView(),
                          .bias = bias()};
  for (const Range& tile : pieces_of(geometry_.height, tile_rows_)) {
    const Tensor gates = gates_.at(0).rows({0, tile.size()}), hidden_gates = hidden_gates_.rows({0, tile.size()});
    convolve_tile(tile, input, x, Tensor(), gates);
    if (has_hidden(t)) {
      make_hidden_gates_of_tile(tile, previous[0], hidden_gates);
    } else {
      start_from_bias(hidden_bias_, hidden_gates);
    }
    context_.backend.gru_after(options_.candidate, hidden_gates, previous[0].rows(tile), gates,
                               hidden_candidate_.at(0).rows({0, tile.size()}), next[0].rows(tile));
  }
}

void ConvGruAfter::restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  context_.backend.gru_state(gates_.at(t), Tensor(), previous[0], next[0]);
}

void ConvGruAfter::step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState&,
                                 const RecurrentState& dstate, const Tensor& dprevious) {
  const Tensor dgates = gates_.at(t);
  context_.backend.gru_after_backward(options_.candidate, previous[0], dstate[0], hidden_candidate_.at(t), dgates,
                                      dprevious);
  if (has_hidden(t)) make_hidden_gates_backward(t, previous[0], dgates, dprevious);
}

void ConvGruAfter::add_input_gradient(std::int64_t t, const Tensor& dx) {
  // dn in place of r o dn, on a copy: the gates still have the hidden side's gradient to give.
  const Tensor dgates = context_.allocate(gates_.shape().from(1));
  context_.backend.copy(gates_.at(t), dgates);
  context_.backend.write_channels(hidden_candidate_.at(t), (kGates - 1) * options_.hidden_channels, dgates);
  ids_.input_gradient(context_, input_spec(), dgates, 0, dx, Write::kAccumulate);
}

void ConvGruAfter::finish_hidden(const Tensor& hidden) {
  const Range ran{first_hidden(), geometry_.steps};
  if (ran.size() > 0) ids_.add_hidden_gradient(context_, hidden_spec(), hidden.range(ran), gates_.range(ran), 0);
  add_hidden_bias_gradient();
}

void ConvGruAfter::add_hidden_bias_gradient() {
  if (!ids_.hidden_bias) return;
  const std::int64_t full = kGates * options_.hidden_channels;
  const Tensor sums = context_.allocate_exact({full});
  context_.backend.sum_channels(gates_, sums, Write::kOverwrite);
  context_.backend.add(1.0, sums.range(full - hidden_bias_channels_, full),
                       context_.parameters.gradient(*ids_.hidden_bias), Write::kAccumulate);
}

void ConvGruAfter::finish_input(const Tensor& x) {
  // The gates go from the hidden side's gradient to the input's.
  context_.backend.write_channels(hidden_candidate_, (kGates - 1) * options_.hidden_channels, gates_);
  hidden_candidate_ = Tensor();
  ids_.add_input_gradient(context_, input_spec(), x, gates_, 0);
}

void ConvGruAfter::input_gradient(const Tensor& dx) {
  ids_.input_gradient(context_, input_spec(), gates_.merged(), 0, dx.merged(), Write::kOverwrite);
}

void ConvGruAfter::release() { gates_ = hidden_candidate_ = hidden_gates_ = hidden_bias_ = Tensor(); }

}  // namespace nextframe
