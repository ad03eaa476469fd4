#include "core/nn/cells/gate_convolutions.h"

namespace nextframe {

namespace {

ParameterDeclaration::Span forget_span(const CellOptions& options, const GateDeclaration& declaration) {
  if (!declaration.forget_gate) return {};
  return {.first = *declaration.forget_gate * options.hidden_channels,
          .count = options.hidden_channels,
          .value = options.forget_bias};
}

std::int64_t squared(int kernel) { return static_cast<std::int64_t>(kernel) * kernel; }

}  // namespace

Tensor GateParameters::input_bias_value(const ParameterSet& parameters, std::int64_t first, std::int64_t last) const {
  return input_bias ? parameters.value(*input_bias).range(first, last) : Tensor();
}

void GateParameters::add_hidden_gradient(const Context& context, const ConvolutionSpec& spec, const Tensor& hidden,
                                         const Tensor& dgates, std::int64_t first) const {
  const Tensor gradient = context.parameters.gradient(hidden_weight).range(first, first + dgates.dimension(-1));
  context.backend.convolution_weight_gradient(spec, hidden.merged(), dgates.merged(), gradient, Write::kAccumulate);
}

void GateParameters::add_input_gradient(const Context& context, const ConvolutionSpec& spec, const Tensor& x,
                                        const Tensor& dgates, std::int64_t first) const {
  const ParameterSet& parameters = context.parameters;
  const std::int64_t last = first + dgates.dimension(-1);
  if (input_bias) {
    context.backend.sum_channels(dgates, parameters.gradient(*input_bias).range(first, last), Write::kAccumulate);
  }
  if (!x) return;
  context.backend.convolution_weight_gradient(spec, x.merged(), dgates.merged(),
                                              parameters.gradient(input_weight).range(first, last), Write::kAccumulate);
}

void GateParameters::input_gradient(const Context& context, const ConvolutionSpec& spec, const Tensor& dgates,
                                    std::int64_t first, const Tensor& dx, Write write) const {
  const WeightView weight = context.parameters.weight(input_weight, first, first + dgates.dimension(-1));
  context.backend.convolution_transposed(spec, dgates, weight, {}, dx, write);
}

GateParameters declare_gates(const Context& context, const std::string& prefix, const CellOptions& options,
                             const GateDeclaration& declaration) {
  ParameterSet& parameters = context.parameters;
  const std::int64_t channels = declaration.gates * options.hidden_channels;
  const std::int64_t hidden_channels =
      declaration.hidden_gates > 0 ? declaration.hidden_gates * options.hidden_channels : channels;
  const std::int64_t hidden_inputs = declaration.hidden_input_channels.value_or(options.hidden_channels);
  const int hidden_kernel = declaration.hidden_kernel.value_or(options.hidden_kernel);
  const std::int64_t hidden_fan_in = hidden_inputs * squared(hidden_kernel);
  const std::int64_t input_fan_in = options.input_channels * squared(options.input_kernel);
  GateParameters ids;
  if (options.input_channels > 0) {
    ids.input_weight =
        parameters.declare({.name = prefix + ".input.weight",
                            .shape = {channels, options.input_channels, options.input_kernel, options.input_kernel},
                            .kind = ParameterKind::kWeight,
                            .fan_in = input_fan_in});
  }
  if (options.gate_bias) {
    ids.input_bias = parameters.declare({.name = prefix + ".input.bias",
                                         .shape = {channels},
                                         .kind = ParameterKind::kBias,
                                         .fan_in = options.input_channels > 0 ? input_fan_in : hidden_fan_in,
                                         .fixed = forget_span(options, declaration)});
  }
  ids.hidden_weight = parameters.declare({.name = prefix + ".hidden.weight",
                                          .shape = {hidden_channels, hidden_inputs, hidden_kernel, hidden_kernel},
                                          .kind = ParameterKind::kWeight,
                                          .fan_in = hidden_fan_in});
  if (declaration.hidden_bias_channels > 0) {
    ids.hidden_bias = parameters.declare({.name = prefix + ".hidden.bias",
                                          .shape = {declaration.hidden_bias_channels},
                                          .kind = ParameterKind::kBias,
                                          .fan_in = hidden_fan_in});
  }
  return ids;
}

NormParameters declare_norm(const Context& context, const std::string& prefix, const CellOptions& options,
                            const GateDeclaration& declaration) {
  const std::int64_t channels = declaration.gates * options.hidden_channels;
  NormParameters ids;
  ids.weight = context.parameters.declare(
      {.name = prefix + ".norm.weight", .shape = {channels}, .kind = ParameterKind::kConstant, .constant = 1.0});
  ids.bias = context.parameters.declare({.name = prefix + ".norm.bias",
                                         .shape = {channels},
                                         .kind = ParameterKind::kConstant,
                                         .fixed = forget_span(options, declaration)});
  return ids;
}

GateNorm::GateNorm(const Context& context, ParameterSet::Id weight, ParameterSet::Id bias, Channels channels,
                   std::int64_t gate_channels)
    : context_(context), weight_(weight), bias_(bias), channels_(channels) {
  spec_.groups = static_cast<int>(channels.count / group_channels(gate_channels));
}

void GateNorm::begin(const Geometry& geometry, std::int64_t slots) {
  mean_ = context_.allocate_exact({slots, geometry.batch, spec_.groups});
  reciprocal_deviation_ = context_.allocate_exact({slots, geometry.batch, spec_.groups});
}

void GateNorm::forward(std::int64_t slot, const Tensor& x, const Tensor& y) {
  const ParameterSet& parameters = context_.parameters;
  context_.backend.group_norm(spec_, x, part(parameters.value(weight_)), part(parameters.value(bias_)), y,
                              mean_.at(slot), reciprocal_deviation_.at(slot));
}

void GateNorm::backward(std::int64_t slot, const Tensor& x, const Tensor& dy) {
  const ParameterSet& parameters = context_.parameters;
  context_.backend.group_norm_backward(spec_, x, part(parameters.value(weight_)), mean_.at(slot),
                                       reciprocal_deviation_.at(slot), dy, dy, part(parameters.gradient(weight_)),
                                       part(parameters.gradient(bias_)));
}

void GateNorm::release() {
  mean_ = Tensor();
  reciprocal_deviation_ = Tensor();
}

Tensor GateNorm::part(const Tensor& parameter) const {
  return parameter.range(channels_.first, channels_.first + channels_.count);
}

}  // namespace nextframe
