#include "core/nn/cells/traj_gru.h"

namespace nextframe {

namespace {

/// The convolution over the moved states.
constexpr ConvolutionSpec kPoint{};

}  // namespace

TrajGru::TrajGru(const Context& context, const std::string& prefix, const CellOptions& options)
    : ConvGruAfter(context, prefix, options,
                   {.hidden_input_channels = options.links * options.hidden_channels, .hidden_kernel = 1}) {
  const std::int64_t kernel = options.hidden_kernel, features = options.flow_channels;
  if (has_input()) {
    flow_input_ = declare_convolution(prefix + ".flow.input", ParameterKind::kWeight, ParameterKind::kBias,
                                      {features, options.input_channels, kernel, kernel});
  }
  flow_hidden_ = declare_convolution(prefix + ".flow.hidden", ParameterKind::kWeight, ParameterKind::kBias,
                                     {features, options.hidden_channels, kernel, kernel});
  flow_output_ = declare_convolution(prefix + ".flow.output", ParameterKind::kConstant, ParameterKind::kConstant,
                                     {2 * options.links, features, kernel, kernel});
}

TrajGru::Convolution TrajGru::declare_convolution(const std::string& name, ParameterKind weight, ParameterKind bias,
                                                  const Shape& shape) {
  const std::int64_t fan_in = shape.elements() / shape[0];
  ParameterSet& parameters = context_.parameters;
  return {.weight = parameters.declare({.name = name + ".weight", .shape = shape, .kind = weight, .fan_in = fan_in}),
          .bias = parameters.declare({.name = name + ".bias", .shape = {shape[0]}, .kind = bias, .fan_in = fan_in})};
}

void TrajGru::allocate_features(const Geometry& geometry, Mode mode) {
  Geometry kept = geometry;
  if (mode == Mode::kInference) kept.steps = 1;
  flows_ = context_.allocate_exact(kept.sequence(2 * options_.links));
  if (has_input()) kept.steps = geometry.steps;
  features_ = context_.allocate(kept.sequence(options_.flow_channels));
}

void TrajGru::begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) {
  ConvGruAfter::begin(geometry, x, initial, mode);
  allocate_features(geometry, mode);
  if (has_input()) begin_features(x.merged(), features_.merged());
}

void TrajGru::begin_steps(const Geometry& geometry, InitialState initial) {
  ConvGruAfter::begin_steps(geometry, initial);
  allocate_features(geometry, Mode::kTraining);
}

void TrajGru::take_input(std::int64_t t, const Tensor& x) {
  ConvGruAfter::take_input(t, x);
  begin_features(x, features_.at(t));
}

void TrajGru::add_input_gradient(std::int64_t t, const Tensor& dx) {
  ConvGruAfter::add_input_gradient(t, dx);
  if (!has_hidden(t)) return;
  context_.backend.convolution_transposed(hidden_spec(), features_.at(t),
                                          context_.parameters.weight(flow_input_.weight), {}, dx, Write::kAccumulate);
}

void TrajGru::begin_features(const Tensor& x, const Tensor& features) {
  context_.backend.convolution(hidden_spec(), x, context_.parameters.weight(flow_input_.weight),
                               context_.parameters.value(flow_input_.bias), features, Write::kOverwrite);
}

void TrajGru::finish_features(const Tensor& hidden_previous, const Tensor& features) {
  context_.backend.convolution(hidden_spec(), hidden_previous, context_.parameters.weight(flow_hidden_.weight),
                               context_.parameters.value(flow_hidden_.bias), features,
                               has_input() ? Write::kAccumulate : Write::kOverwrite);
  context_.backend.activate(options_.candidate, features, features);
}

Tensor TrajGru::warped(const Tensor& hidden_previous, const Tensor& flows, std::int64_t first_row) {
  const Tensor copies = context_.allocate(flows.shape().with(-1, options_.links * options_.hidden_channels));
  context_.backend.warp(hidden_previous, flows, first_row, copies);
  return copies;
}

void TrajGru::gather(const Tensor& hidden_previous, const Tensor& flows, std::int64_t first_row,
                     const Tensor& hidden_gates) {
  context_.backend.convolution(kPoint, warped(hidden_previous, flows, first_row),
                               context_.parameters.weight(ids().hidden_weight), hidden_bias(), hidden_gates,
                               Write::kOverwrite);
}

void TrajGru::make_hidden_gates(std::int64_t t, const Tensor& hidden_previous, const Tensor& hidden_gates) {
  const Tensor features = features_.at(slot(t, features_)), flows = flows_.at(slot(t, flows_));
  finish_features(hidden_previous, features);
  context_.backend.convolution(hidden_spec(), features, context_.parameters.weight(flow_output_.weight),
                               context_.parameters.value(flow_output_.bias), flows, Write::kOverwrite);
  gather(hidden_previous, flows, 0, hidden_gates);
}

void TrajGru::begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) {
  ConvGruAfter::begin_tiles(geometry, initial, rows);
  features_ = context_.allocate(tile_geometry(geometry, geometry.height).sequence(options_.flow_channels));
}

void TrajGru::step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                                   const RecurrentState& next) {
  if (has_hidden(t)) {
    if (has_input()) begin_features(x, features_.at(0));
    finish_features(previous[0], features_.at(0));
  }
  ConvGruAfter::step_sample_in_tiles(t, x, previous, next);
}

void TrajGru::make_hidden_gates_of_tile(const Range& tile, const Tensor& hidden_previous, const Tensor& hidden_gates) {
  const Tensor flows = context_.allocate_exact(hidden_gates.shape().with(-1, 2 * options_.links));
  context_.backend.convolution_rows(hidden_spec(), features_.at(0), context_.parameters.weight(flow_output_.weight),
                                    context_.parameters.value(flow_output_.bias), tile.first, flows, Write::kOverwrite);
  gather(hidden_previous, flows, tile.first, hidden_gates);
}

void TrajGru::make_hidden_gates_backward(std::int64_t t, const Tensor& hidden_previous, const Tensor& dhidden_gates,
                                         const Tensor& dhidden_previous) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  const Tensor features = features_.at(t), flows = flows_.at(t);
  // One step's moved states are large, and so are their gradients: the one gives its memory to the other, and what needs
  // them is summed step by step.
  const Tensor copies = warped(hidden_previous, flows, 0);
  backend.convolution_weight_gradient(kPoint, copies, dhidden_gates, parameters.gradient(ids().hidden_weight),
                                      Write::kAccumulate);
  backend.convolution_transposed(kPoint, dhidden_gates, parameters.weight(ids().hidden_weight), {}, copies,
                                 Write::kOverwrite);
  const Tensor dflows = context_.allocate(flows.shape());
  backend.warp_backward(hidden_previous, flows, copies, dflows, dhidden_previous, Write::kAccumulate);

  add_gradient(flow_output_, features, dflows);
  const Tensor dfeatures = context_.allocate(features.shape());
  backend.convolution_transposed(hidden_spec(), dflows, parameters.weight(flow_output_.weight), {}, dfeatures,
                                 Write::kOverwrite);
  backend.activate_backward(options_.candidate, features, dfeatures, dfeatures);
  backend.copy(dfeatures, features);
  backend.convolution_transposed(hidden_spec(), features, parameters.weight(flow_hidden_.weight), {}, dhidden_previous,
                                 Write::kAccumulate);
}

void TrajGru::add_gradient(const Convolution& convolution, const Tensor& from, const Tensor& dresult) {
  context_.backend.convolution_weight_gradient(hidden_spec(), from, dresult,
                                               context_.parameters.gradient(convolution.weight), Write::kAccumulate);
  context_.backend.sum_channels(dresult, context_.parameters.gradient(convolution.bias), Write::kAccumulate);
}

void TrajGru::finish_hidden(const Tensor& hidden) {
  flows_ = Tensor();
  const Range ran = looked_back();
  if (ran.size() > 0) add_gradient(flow_hidden_, hidden.range(ran).merged(), features_.range(ran).merged());
  add_hidden_bias_gradient();
}

void TrajGru::finish_input(const Tensor& x) {
  ConvGruAfter::finish_input(x);
  const Range ran = looked_back();
  if (has_input() && ran.size() > 0) add_gradient(flow_input_, x.range(ran).merged(), features_.range(ran).merged());
}

void TrajGru::input_gradient(const Tensor& dx) {
  ConvGruAfter::input_gradient(dx);
  const Range ran = looked_back();
  if (ran.size() == 0) return;
  context_.backend.convolution_transposed(hidden_spec(), features_.range(ran).merged(),
                                          context_.parameters.weight(flow_input_.weight), {}, dx.range(ran).merged(),
                                          Write::kAccumulate);
}

void TrajGru::release() {
  ConvGruAfter::release();
  features_ = flows_ = Tensor();
}

}  // namespace nextframe
