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

void Cell::step_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous, const RecurrentState& next) {
  const auto sample = [](const RecurrentState& state, std::int64_t n) {
    RecurrentState one;
    for (const Tensor& tensor : state) one.push_back(tensor.range(n, n + 1));
    return one;
  };
  for (std::int64_t n = 0; n < geometry_.batch; ++n) {
    step_sample_in_tiles(t, x ? x.range(n, n + 1) : Tensor(), sample(previous, n), sample(next, n));
  }
}

void Cell::convolve_tile(const Range& tile, const GateWeights& weights, const Tensor& x, const Tensor& hidden,
                         const Tensor& gates) {
  Backend& backend = context_.backend;
  if (x) {
    backend.convolution_rows(input_spec(), x, weights.input, weights.bias, tile.first, gates, Write::kOverwrite);
  }
  if (hidden) {
    backend.convolution_rows(hidden_spec(), hidden, weights.hidden, x ? Tensor() : weights.bias, tile.first, gates,
                             x ? Write::kAccumulate : Write::kOverwrite);
  }
  if (!x && !hidden) start_from_bias(weights.bias, gates);
}

std::int64_t group_channels(std::int64_t gate_channels) {
  std::int64_t channels = gate_channels < 32 ? gate_channels : 32;
  while (gate_channels % channels != 0) --channels;
  return channels;
}

}  // namespace nextframe
