#include "core/trade/onnx_layers.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/nn/cells/cell.h"

namespace nextframe {
namespace {

constexpr float kNormEpsilon = 1e-5F;

using Integers = std::vector<std::int64_t>;

/// So that frames keep their size.
std::int64_t padding_of(std::int64_t kernel, int stride, int dilation) {
  return same_padding(static_cast<int>(kernel), stride, dilation);
}

}  // namespace

const Parameter* OnnxParameters::find(const std::string& name) const {
  for (const Parameter& parameter : parameters_.entries()) {
    if (parameter.declaration.name == name) return &parameter;
  }
  return nullptr;
}

const Shape& OnnxParameters::shape(const std::string& name) const {
  const Parameter* parameter = find(name);
  if (parameter == nullptr) fail("[onnx] the network has no parameter {}", name);
  return parameter->declaration.shape;
}

OnnxValue OnnxParameters::constant(const std::string& suffix, const std::string& name, std::int64_t first,
                                   std::int64_t last, const Shape& whole) {
  const std::int64_t rows = shape(name)[0];
  const bool all = first == 0 && last == rows;
  const std::string label = name + (all ? "" : format("[{}:{}]", first, last)) + suffix;
  if (graph_.has_constant(label)) return label;
  const std::int64_t row = shape(name).elements() / rows;
  std::vector<float> values(static_cast<std::size_t>((last - first) * row));
  parameters_.read(find(name)->offset + first * row, values);
  return graph_.constant(label, whole, values);
}

OnnxValue OnnxParameters::rows(const std::string& name, std::int64_t first, std::int64_t last) {
  return constant("", name, first, last, shape(name).with(0, last - first));
}

OnnxValue OnnxParameters::channels(const std::string& name, std::int64_t first, std::int64_t last) {
  if (!has(name)) return {};
  return constant(" by channel", name, first, last, Shape{last - first, 1, 1});
}

OnnxValue OnnxLayers::activate(Activation kind, const OnnxValue& x) {
  switch (kind) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return graph_.node("Relu", {x});
    case Activation::kLeaky:
      return graph_.node("LeakyRelu", {x}, {{"alpha", static_cast<float>(options_.leaky_slope)}});
    case Activation::kTanh:
      return graph_.node("Tanh", {x});
    case Activation::kSigmoid:
      return graph_.node("Sigmoid", {x});
  }
  fail("[onnx] no activation {}", static_cast<int>(kind));
}

OnnxValue OnnxLayers::convolution(const std::string& prefix, const OnnxValue& x, ConvolutionDirection direction,
                                  int stride, Activation activation) {
  const std::string weight = prefix + ".weight", bias = prefix + ".bias";
  const std::int64_t kernel = parameters_.shape(weight)[3];
  const std::int64_t pad = padding_of(kernel, stride, 1);
  std::vector<OnnxValue> inputs{x, parameters_.whole(weight)};
  if (parameters_.has(bias)) inputs.push_back(parameters_.whole(bias));
  std::vector<OnnxAttribute> attributes{{"kernel_shape", Integers{kernel, kernel}},
                                        {"strides", Integers{stride, stride}},
                                        {"pads", Integers{pad, pad, pad, pad}}};
  if (direction == ConvolutionDirection::kDown) return activate(activation, graph_.node("Conv", inputs, attributes));
  // So that the frame grows by the stride exactly.
  const std::int64_t more = stride - kernel + 2 * pad;
  attributes.push_back({"output_padding", Integers{more, more}});
  return activate(activation, graph_.node("ConvTranspose", inputs, attributes));
}

std::int64_t OnnxLayers::hidden_channels(const std::string& prefix) const {
  return parameters_.shape(prefix + ".hidden.weight")[1];
}

OnnxValue OnnxLayers::gate_convolution(const std::string& name, const OnnxValue& x, const OnnxValue& bias,
                                       const Convolved& which) {
  const std::int64_t kernel = parameters_.shape(name)[3];
  const std::int64_t pad = padding_of(kernel, 1, which.dilation);
  std::vector<OnnxValue> inputs{x, parameters_.rows(name, which.first, which.last)};
  if (!bias.empty()) inputs.push_back(bias);
  return graph_.node("Conv", inputs,
                     {{"kernel_shape", Integers{kernel, kernel}},
                      {"strides", Integers{1, 1}},
                      {"dilations", Integers{which.dilation, which.dilation}},
                      {"pads", Integers{pad, pad, pad, pad}}});
}

/// As PyTorch writes it: groups as channels of an instance norm, then one scale and offset a channel.
OnnxValue OnnxLayers::group_norm(const std::string& prefix, const OnnxValue& x, const Convolved& which) {
  const std::string weight = prefix + ".norm.weight";
  if (!parameters_.has(weight)) return x;
  const std::int64_t groups = (which.last - which.first) / group_channels(hidden_channels(prefix));
  const std::vector<float> ones(static_cast<std::size_t>(groups), 1.0F);
  const std::vector<float> zeros(static_cast<std::size_t>(groups), 0.0F);
  const OnnxValue merged = graph_.node("Reshape", {x, graph_.integers({0, groups, -1})});
  const OnnxValue normal = graph_.node("InstanceNormalization",
                                       {merged, graph_.constant(format("ones_{}", groups), Shape{groups}, ones),
                                        graph_.constant(format("zeros_{}", groups), Shape{groups}, zeros)},
                                       {{"epsilon", kNormEpsilon}});
  const OnnxValue apart = graph_.node("Reshape", {normal, graph_.node("Shape", {x})});
  const OnnxValue scaled = graph_.product(apart, parameters_.channels(weight, which.first, which.last));
  return graph_.sum(scaled, parameters_.channels(prefix + ".norm.bias", which.first, which.last));
}

OnnxValue OnnxLayers::pre_activation(const std::string& prefix, const OnnxValue& x, const OnnxValue& h,
                                     const Convolved& which) {
  const std::string input = prefix + ".input.weight", bias = prefix + ".input.bias";
  const OnnxValue offset = parameters_.has(bias) ? parameters_.rows(bias, which.first, which.last) : OnnxValue();
  OnnxValue sum;
  if (!x.empty()) sum = gate_convolution(input, x, offset, {which.first, which.last, 1});
  if (!h.empty()) sum = graph_.sum(sum, gate_convolution(prefix + ".hidden.weight", h, x.empty() ? offset : "", which));
  if (sum.empty()) fail("[onnx] {} has neither input nor state", prefix);
  return group_norm(prefix, sum, which);
}

std::vector<OnnxValue> OnnxLayers::step(const std::string& prefix, const OnnxValue& x,
                                        const std::vector<OnnxValue>& state, int dilation) {
  if (options_.cell == CellKind::kConvLstm) return step_lstm(prefix, x, state, dilation);
  const OnnxValue h = state.empty() ? OnnxValue() : state.front();
  return options_.reset == Reset::kAfter ? step_gru_after(prefix, x, h, dilation)
                                         : step_gru_before(prefix, x, h, dilation);
}

std::vector<OnnxValue> OnnxLayers::step_lstm(const std::string& prefix, const OnnxValue& x,
                                             const std::vector<OnnxValue>& state, int dilation) {
  const std::int64_t channels = hidden_channels(prefix);
  const OnnxValue h = state.empty() ? OnnxValue() : state[0], c = state.empty() ? OnnxValue() : state[1];
  const OnnxValue gates = pre_activation(prefix, x, h, {0, 4 * channels, dilation});
  const std::vector<OnnxValue> parts = graph_.split(gates, 1, {channels, channels, channels, channels});
  const auto gate = [&](std::int64_t peephole, const OnnxValue& value, const OnnxValue& memory) {
    const OnnxValue weight =
        parameters_.channels(prefix + ".peephole.weight", peephole * channels, (peephole + 1) * channels);
    return graph_.node("Sigmoid", {graph_.sum(value, graph_.product(weight, memory))});
  };
  OnnxValue next = graph_.product(gate(0, parts[0], c), graph_.node("Tanh", {parts[2]}));
  if (!c.empty()) next = graph_.sum(graph_.product(gate(1, parts[1], c), c), next);
  const OnnxValue output = gate(2, parts[3], next);
  return {graph_.product(output, graph_.node("Tanh", {next})), next};
}

OnnxValue OnnxLayers::blend(const OnnxValue& z, const OnnxValue& n, const OnnxValue& h) {
  if (h.empty()) return graph_.product(z, n);
  return graph_.sum(h, graph_.product(z, graph_.node("Sub", {n, h})));
}

std::vector<OnnxValue> OnnxLayers::step_gru_after(const std::string& prefix, const OnnxValue& x, const OnnxValue& h,
                                                  int dilation) {
  const std::int64_t channels = hidden_channels(prefix), all = 3 * channels;
  const std::string hidden_bias = prefix + ".hidden.bias", input_bias = prefix + ".input.bias";
  const std::int64_t without = parameters_.has(hidden_bias) ? all - parameters_.shape(hidden_bias)[0] : all;
  std::vector<OnnxValue> input(3), hidden(3);
  for (std::int64_t gate = 0; gate < 3; ++gate) {
    const std::int64_t first = gate * channels;
    const auto part = static_cast<std::size_t>(gate);
    if (x.empty()) input[part] = parameters_.channels(input_bias, first, first + channels);
    if (first >= without) {
      hidden[part] = parameters_.channels(hidden_bias, first - without, first - without + channels);
    }
  }
  if (!x.empty()) {
    const OnnxValue bias = parameters_.has(input_bias) ? parameters_.whole(input_bias) : OnnxValue();
    input = graph_.split(gate_convolution(prefix + ".input.weight", x, bias, {0, all, 1}), 1,
                         {channels, channels, channels});
  }
  if (!h.empty()) {
    const OnnxValue gates = gate_convolution(prefix + ".hidden.weight", h, {}, {0, all, dilation});
    const std::vector<OnnxValue> parts = graph_.split(gates, 1, {channels, channels, channels});
    for (std::size_t gate = 0; gate < 3; ++gate) hidden[gate] = graph_.sum(parts[gate], hidden[gate]);
  }
  const OnnxValue z = graph_.node("Sigmoid", {graph_.sum(input[0], hidden[0])});
  OnnxValue candidate = input[2];
  if (!hidden[2].empty()) {
    const OnnxValue r = graph_.node("Sigmoid", {graph_.sum(input[1], hidden[1])});
    candidate = graph_.sum(candidate, graph_.product(r, hidden[2]));
  }
  return {blend(z, activate(options_.activation, candidate), h)};
}

std::vector<OnnxValue> OnnxLayers::step_gru_before(const std::string& prefix, const OnnxValue& x, const OnnxValue& h,
                                                   int dilation) {
  const std::int64_t channels = hidden_channels(prefix);
  const OnnxValue gates = graph_.node("Sigmoid", {pre_activation(prefix, x, h, {0, 2 * channels, dilation})});
  const std::vector<OnnxValue> parts = graph_.split(gates, 1, {channels, channels});
  const OnnxValue reset = graph_.product(parts[1], h);
  const OnnxValue candidate = pre_activation(prefix, x, reset, {2 * channels, 3 * channels, dilation});
  return {blend(parts[0], activate(options_.activation, candidate), h)};
}

}  // namespace nextframe
