#include "core/nn/cells/cell.h"

#include "core/nn/convolution_layer.h"

namespace nextframe {

ConvolutionSpec Cell::hidden_spec() const {
  return {
      .stride = 1, .pad = same_padding(options_.hidden_kernel, 1, options_.dilation), .dilation = options_.dilation};
}

ConvolutionSpec Cell::input_spec() const {
  return {.stride = 1, .pad = same_padding(options_.input_kernel, 1, 1), .dilation = 1};
}

void Cell::start_from_bias(const Tensor& bias, const Tensor& gates) {
  if (bias) {
    context_.backend.broadcast_channels(bias, gates, Write::kOverwrite);
  } else {
    context_.backend.fill(0.0, gates);
  }
}

std::int64_t group_channels(std::int64_t gate_channels) {
  std::int64_t channels = gate_channels < 32 ? gate_channels : 32;
  while (gate_channels % channels != 0) --channels;
  return channels;
}

}  // namespace nextframe
