#include "core/nn/convolution_layer.h"

#include <algorithm>

namespace nextframe {

int same_padding(int kernel, int stride, int dilation) {
  if (stride == 1) return dilation * (kernel - 1) / 2;
  return std::max(0, (dilation * (kernel - 1) + 1 - stride + 1) / 2);
}

ConvolutionLayer::ConvolutionLayer(const Context& context, const std::string& prefix,
                                   const ConvolutionLayerOptions& options)
    : context_(context), name_(prefix), options_(options) {
  spec_ = {.stride = options.stride,
           .pad = same_padding(options.kernel, options.stride, options.dilation),
           .dilation = options.dilation};
  const bool drawn = options.start == Start::kDrawn;
  const bool down = options.direction == ConvolutionDirection::kDown;
  const std::int64_t first = down ? options.output_channels : options.input_channels;
  const std::int64_t second = down ? options.input_channels : options.output_channels;
  // PyTorch takes the second dimension for the fan-in of both kinds.
  const std::int64_t fan_in = second * options.kernel * options.kernel;
  weight_ = context_.parameters.declare({.name = prefix + ".weight",
                                         .shape = {first, second, options.kernel, options.kernel},
                                         .kind = drawn ? ParameterKind::kWeight : ParameterKind::kConstant,
                                         .fan_in = fan_in});
  if (options.bias == Bias::kPerChannel) {
    bias_ = context_.parameters.declare({.name = prefix + ".bias",
                                         .shape = {options.output_channels},
                                         .kind = drawn ? ParameterKind::kBias : ParameterKind::kConstant,
                                         .fan_in = fan_in});
  }
}

Tensor ConvolutionLayer::forward(const Tensor& x, Mode mode) {
  const Part part(context_.backend, name_);
  const bool down = options_.direction == ConvolutionDirection::kDown;
  const auto resized = [&](std::int64_t length) {
    return down ? spec_.output_length(length, options_.kernel) : length * options_.stride;
  };
  const Shape shape{x.dimension(0), resized(x.dimension(1)), resized(x.dimension(2)), options_.output_channels};
  const Tensor y = options_.result == ResultType::kExact ? context_.allocate_exact(shape) : context_.allocate(shape);
  ConvolutionSpec spec = spec_;
  spec.activation = options_.activation;
  convolve(spec, x, y, Write::kOverwrite);
  if (mode == Mode::kTraining) y_ = y;
  return y;
}

Tensor ConvolutionLayer::forward(const Tensor& x, Mode mode, const Tensor& addend) {
  if (!addend) return forward(x, mode);
  convolve(spec_, x, addend, Write::kAccumulate);
  if (options_.activation.kind != Activation::kNone) context_.backend.activate(options_.activation, addend, addend);
  if (mode == Mode::kTraining) y_ = addend;
  return addend;
}

void ConvolutionLayer::convolve(const ConvolutionSpec& spec, const Tensor& x, const Tensor& y, Write write) {
  const ParameterSet& parameters = context_.parameters;
  const Tensor bias = options_.bias == Bias::kPerChannel ? parameters.value(bias_) : Tensor();
  if (options_.direction == ConvolutionDirection::kDown) {
    context_.backend.convolution(spec, x, parameters.weight(weight_), bias, y, write);
  } else {
    context_.backend.convolution_transposed(spec, x, parameters.weight(weight_), bias, y, write);
  }
}

void ConvolutionLayer::run(const Tensor& x, const Tensor& y) {
  const Part part(context_.backend, name_);
  ConvolutionSpec spec = spec_;
  spec.activation = options_.activation;
  convolve(spec, x, y, Write::kOverwrite);
}

Tensor ConvolutionLayer::as_activation(const Tensor& dresult) const {
  if (dresult.dtype() == context_.dtype) return dresult;
  const Tensor dy = context_.allocate(dresult.shape());
  context_.backend.copy(dresult, dy);
  return dy;
}

void ConvolutionLayer::backward(const Tensor& x, const Tensor& dresult, const Tensor& dx) {
  Backend& backend = context_.backend;
  const Part part(backend, name_);
  if (options_.activation.kind != Activation::kNone) {
    backend.activate_backward(options_.activation, y_, dresult, dresult);
  }
  y_ = Tensor();
  const Tensor dy = as_activation(dresult);
  convolve_weights(x, dresult, dy);
  if (dx) convolve_back(dy, dx, Write::kOverwrite);
}

void ConvolutionLayer::add_data_gradient(const Tensor& y, const Tensor& dresult, const Tensor& dx) {
  const Part part(context_.backend, name_);
  if (options_.activation.kind != Activation::kNone) {
    context_.backend.activate_backward(options_.activation, y, dresult, dresult);
  }
  convolve_back(as_activation(dresult), dx, Write::kAccumulate);
}

void ConvolutionLayer::add_weight_gradient(const Tensor& x, const Tensor& dresult) {
  const Part part(context_.backend, name_);
  convolve_weights(x, dresult, as_activation(dresult));
}

void ConvolutionLayer::convolve_weights(const Tensor& x, const Tensor& dresult, const Tensor& dy) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  if (options_.bias == Bias::kPerChannel) backend.sum_channels(dresult, parameters.gradient(bias_), Write::kAccumulate);
  const Tensor& dw = parameters.gradient(weight_);
  if (options_.direction == ConvolutionDirection::kDown) {
    backend.convolution_weight_gradient(spec_, x, dy, dw, Write::kAccumulate);
  } else {
    backend.convolution_weight_gradient(spec_, dy, x, dw, Write::kAccumulate);
  }
}

void ConvolutionLayer::convolve_back(const Tensor& dy, const Tensor& dx, Write write) {
  const WeightView weight = context_.parameters.weight(weight_);
  if (options_.direction == ConvolutionDirection::kDown) {
    context_.backend.convolution_transposed(spec_, dy, weight, {}, dx, write);
  } else {
    context_.backend.convolution(spec_, dy, weight, {}, dx, write);
  }
}

}  // namespace nextframe
