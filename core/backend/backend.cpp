#include "core/backend/backend.h"

#include <cmath>

#include "core/base/error.h"

namespace nextframe {

namespace {

void expect_shape(std::string_view operation, std::string_view argument, const Tensor& tensor, const Shape& expected) {
  if (!tensor) fail("[{}] got no {}, expected {}", operation, argument, to_string(expected));
  if (tensor.shape() != expected) {
    fail("[{}] got {} {}, expected {}", operation, argument, to_string(tensor.shape()), to_string(expected));
  }
}

void expect_rank(std::string_view operation, std::string_view argument, const Tensor& tensor, int rank) {
  if (!tensor) fail("[{}] got no {}", operation, argument);
  if (tensor.shape().rank() != rank) {
    fail("[{}] got {} {}, expected {} dimensions", operation, argument, to_string(tensor.shape()), rank);
  }
}

void expect_type(std::string_view operation, std::initializer_list<const Tensor*> tensors) {
  const DType first = (*tensors.begin())->dtype();
  for (const Tensor* tensor : tensors) {
    if (*tensor && tensor->dtype() != first) {
      fail("[{}] got {} beside {}, expected one type", operation, name_of(tensor->dtype()), name_of(first));
    }
  }
}

/// What must not be rounded beside activations `x`; see exact_of().
void expect_exact(std::string_view operation, const Tensor& x, std::initializer_list<const Tensor*> tensors) {
  const DType expected = exact_of(x.dtype());
  for (const Tensor* tensor : tensors) {
    if (*tensor && tensor->dtype() != expected) {
      fail("[{}] got {} beside activations in {}, expected {}", operation, name_of(tensor->dtype()), name_of(x.dtype()),
           name_of(expected));
    }
  }
}

void expect_unrounded(std::string_view operation, const Tensor& x) {
  if (exact_of(x.dtype()) != x.dtype()) {
    fail("[{}] got {}, expected {}", operation, name_of(x.dtype()), name_of(exact_of(x.dtype())));
  }
}

void expect_same(std::string_view operation, const Tensor& x, std::initializer_list<const Tensor*> others) {
  for (const Tensor* other : others) {
    expect_shape(operation, "argument", *other, x.shape());
    expect_type(operation, {&x, other});
  }
}

void expect_scalar64(std::string_view operation, const Tensor& tensor) {
  expect_shape(operation, "result", tensor, Shape{1});
  if (tensor.dtype() != DType::kFloat64)
    fail("[{}] got a {} result, expected float64", operation, name_of(tensor.dtype()));
}

void expect_loss_arguments(std::string_view operation, const Tensor& prediction, const Tensor& target,
                           const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                           const Tensor& dprediction) {
  expect_rank(operation, "prediction", prediction, 5);
  expect_same(operation, prediction, {&target});
  if (mask) expect_shape(operation, "mask", mask, prediction.shape().with(-1, 1));
  if (lead_weights) expect_shape(operation, "lead weights", lead_weights, Shape{prediction.dimension(0)});
  if (dprediction) expect_same(operation, prediction, {&dprediction});
  expect_unrounded(operation, prediction);
  expect_type(operation, {&prediction, &mask, &lead_weights});
  expect_scalar64(operation, sum);
}

Shape with_channels(const Tensor& tensor, std::int64_t channels) { return tensor.shape().with(-1, channels); }

/// Checks that `small` is what `spec` makes of `large`, with weights [channels of small, channels of large, k, k].
void expect_convolution(std::string_view operation, const ConvolutionSpec& spec, const Tensor& large,
                        const Tensor& weights, const Tensor& small) {
  expect_rank(operation, "input", large, 4);
  expect_rank(operation, "output", small, 4);
  expect_rank(operation, "weights", weights, 4);
  const std::int64_t kernel = weights.dimension(2);
  expect_shape(operation, "weights", weights, Shape{small.dimension(3), large.dimension(3), kernel, kernel});
  if (spec.stride < 1 || spec.dilation < 1 || spec.pad < 0) {
    fail("[{}] got stride {}, dilation {}, pad {}, expected at least 1, 1, 0", operation, spec.stride, spec.dilation,
         spec.pad);
  }
  if (spec.above() < 0) fail("[{}] got {} rows above, expected at least 0", operation, spec.above());
  const std::int64_t rows = spec.pad_above ? small.dimension(1) : spec.output_length(large.dimension(1), kernel);
  const Shape expected{large.dimension(0), rows, spec.output_length(large.dimension(2), kernel), small.dimension(3)};
  if (expected.elements() <= 0)
    fail("[{}] a kernel of {} does not fit a frame of {}", operation, kernel, to_string(large.shape()));
  expect_shape(operation, "output", small, expected);
}

/// x and w make y, with a bias or without; y may be exact where x is not.
void expect_product(std::string_view operation, const ConvolutionSpec& spec, const Tensor& x, const Tensor& weights,
                    const Tensor& bias, const Tensor& y, Write write) {
  expect_exact(operation, x, {&weights, &bias});
  if (y.dtype() != exact_of(x.dtype())) expect_type(operation, {&x, &y});
  if (bias) expect_shape(operation, "bias", bias, Shape{y.dimension(3)});
  if (write == Write::kAccumulate && spec.activation.kind != Activation::kNone) {
    fail("[{}] got an activation on an accumulated output, expected none", operation);
  }
}

}  // namespace

Tensor Backend::zeros(const Shape& shape, DType dtype) {
  Tensor tensor = allocate(shape, dtype);
  fill(0.0, tensor);
  return tensor;
}

void Backend::fill(double value, const Tensor& y) {
  if (y.elements() > 0) do_fill(value, y);
}

void Backend::copy(const Tensor& x, const Tensor& y) {
  expect_shape("copy", "result", y, x.shape());
  do_copy(x, y);
}

void Backend::add(double alpha, const Tensor& x, const Tensor& y, Write write) {
  expect_same("add", x, {&y});
  do_add(alpha, x, y, write);
}

void Backend::broadcast_channels(const Tensor& bias, const Tensor& y, Write write) {
  expect_shape("broadcast_channels", "bias", bias, Shape{y.dimension(-1)});
  expect_exact("broadcast_channels", y, {&bias});
  do_broadcast_channels(bias, y, write);
}

void Backend::sum_channels(const Tensor& x, const Tensor& sums, Write write) {
  expect_shape("sum_channels", "sums", sums, Shape{x.dimension(-1)});
  expect_exact("sum_channels", x, {&sums});
  do_sum_channels(x, sums, write);
}

void Backend::write_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  expect_type("write_channels", {&x, &y});
  expect_shape("write_channels", "input", x, with_channels(y, x.dimension(-1)));
  if (first < 0 || first + x.dimension(-1) > y.dimension(-1)) {
    fail("[write_channels] got channels {} to {} of {}", first, first + x.dimension(-1), y.dimension(-1));
  }
  do_write_channels(x, first, y);
}

void Backend::read_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  expect_type("read_channels", {&x, &y});
  expect_shape("read_channels", "result", y, with_channels(x, y.dimension(-1)));
  if (first < 0 || first + y.dimension(-1) > x.dimension(-1)) {
    fail("[read_channels] got channels {} to {} of {}", first, first + y.dimension(-1), x.dimension(-1));
  }
  do_read_channels(x, first, y);
}

void Backend::activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) {
  expect_same("activate", x, {&y});
  do_activate(spec, x, y);
}

void Backend::activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy, const Tensor& dx) {
  expect_same("activate_backward", y, {&dy, &dx});
  do_activate_backward(spec, y, dy, dx);
}

namespace {

void expect_blocks(std::string_view operation, int block, const Tensor& large, const Tensor& small) {
  expect_rank(operation, "frames", large, 4);
  if (block < 1 || large.dimension(1) % block != 0 || large.dimension(2) % block != 0) {
    fail("[{}] got frames {} in blocks of {}, expected a multiple", operation, to_string(large.shape()), block);
  }
  expect_shape(operation, "blocks", small,
               Shape{large.dimension(0), large.dimension(1) / block, large.dimension(2) / block,
                     large.dimension(3) * block * block});
  expect_type(operation, {&large, &small});
}

}  // namespace

void Backend::space_to_depth(int block, const Tensor& x, const Tensor& y) {
  expect_blocks("space_to_depth", block, x, y);
  do_space_to_depth(block, x, y);
}

void Backend::depth_to_space(int block, const Tensor& x, const Tensor& y) {
  expect_blocks("depth_to_space", block, y, x);
  do_depth_to_space(block, x, y);
}

void Backend::crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) {
  expect_rank("crop_or_pad", "frames", x, 4);
  expect_shape("crop_or_pad", "result", y, Shape{x.dimension(0), y.dimension(1), y.dimension(2), x.dimension(3)});
  expect_type("crop_or_pad", {&x, &y});
  do_crop_or_pad(fill, x, y);
}

void Backend::convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                          const Tensor& y, Write write) {
  expect_convolution("convolution", spec, x, w.tensor, y);
  expect_product("convolution", spec, x, w.tensor, bias, y, write);
  do_convolution(spec, x, w, bias, y, write);
}

void Backend::convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                     const Tensor& bias, const Tensor& y, Write write) {
  expect_convolution("convolution_transposed", spec, y, w.tensor, x);
  expect_product("convolution_transposed", spec, x, w.tensor, bias, y, write);
  do_convolution_transposed(spec, x, w, bias, y, write);
}

void Backend::convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy,
                                          const Tensor& dw, Write write) {
  expect_convolution("convolution_weight_gradient", spec, x, dw, dy);
  expect_type("convolution_weight_gradient", {&x, &dy});
  expect_exact("convolution_weight_gradient", x, {&dw});
  do_convolution_weight_gradient(spec, x, dy, dw, write);
}

void Backend::gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                           const Tensor& memory) {
  expect_same("gated_memory", previous, {&memory});
  expect_shape("gated_memory", "gates", gates, with_channels(memory, 3 * memory.dimension(-1)));
  expect_exact("gated_memory", gates, {&memory});
  do_gated_memory(spec, previous, gates, memory);
}

void Backend::gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) {
  expect_same("gated_memory_backward", previous, {&dmemory});
  expect_shape("gated_memory_backward", "gates", gates, with_channels(dmemory, 3 * dmemory.dimension(-1)));
  expect_exact("gated_memory_backward", gates, {&dmemory});
  do_gated_memory_backward(previous, gates, dmemory);
}

void Backend::gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden) {
  expect_same("gated_output", hidden, {&gate, &content});
  do_gated_output(values, gate, content, hidden);
}

void Backend::gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) {
  expect_same("gated_output_backward", dhidden, {&gate, &content});
  do_gated_output_backward(dhidden, gate, content);
}

void Backend::lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
                   const Tensor& hidden) {
  expect_same("lstm", cell_previous, {&cell});
  const std::int64_t channels = cell.dimension(-1);
  expect_shape("lstm", "hidden", hidden, cell.shape());
  expect_shape("lstm", "gates", gates, with_channels(cell, 4 * channels));
  if (peephole) expect_shape("lstm", "peephole", peephole, Shape{3 * channels});
  expect_type("lstm", {&hidden, &gates});
  expect_exact("lstm", hidden, {&cell, &peephole});
  do_lstm(cell_previous, peephole, gates, cell, hidden);
}

void Backend::lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell, const Tensor& hidden) {
  expect_same("lstm_state", cell_previous, {&cell});
  expect_shape("lstm_state", "hidden", hidden, cell.shape());
  expect_shape("lstm_state", "gates", gates, with_channels(cell, 4 * cell.dimension(-1)));
  expect_type("lstm_state", {&hidden, &gates});
  expect_exact("lstm_state", hidden, {&cell});
  do_lstm_state(cell_previous, gates, cell, hidden);
}

void Backend::lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole,
                            const Tensor& dhidden, const Tensor& gates, const Tensor& dcell, const Tensor& dpeephole) {
  expect_same("lstm_backward", cell_previous, {&cell, &dcell});
  const std::int64_t channels = cell.dimension(-1);
  expect_shape("lstm_backward", "dhidden", dhidden, cell.shape());
  expect_shape("lstm_backward", "gates", gates, with_channels(cell, 4 * channels));
  if (peephole) {
    expect_shape("lstm_backward", "peephole", peephole, Shape{3 * channels});
    expect_shape("lstm_backward", "dpeephole", dpeephole, Shape{3 * channels});
  }
  expect_type("lstm_backward", {&dhidden, &gates});
  expect_exact("lstm_backward", dhidden, {&cell, &peephole, &dpeephole});
  do_lstm_backward(cell_previous, cell, peephole, dhidden, gates, dcell, dpeephole);
}

void Backend::gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates, const Tensor& hidden_previous,
                        const Tensor& gates, const Tensor& hidden_candidate, const Tensor& hidden) {
  expect_same("gru_after", hidden_previous, {&hidden_candidate, &hidden});
  const Shape expected = with_channels(hidden, 3 * hidden.dimension(-1));
  expect_shape("gru_after", "hidden gates", hidden_gates, expected);
  expect_shape("gru_after", "gates", gates, expected);
  expect_type("gru_after", {&hidden, &gates, &hidden_gates});
  do_gru_after(candidate, hidden_gates, hidden_previous, gates, hidden_candidate, hidden);
}

void Backend::gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous, const Tensor& dhidden,
                                 const Tensor& hidden_candidate, const Tensor& gates, const Tensor& dhidden_previous) {
  expect_same("gru_after_backward", hidden_previous, {&dhidden, &hidden_candidate, &dhidden_previous});
  expect_shape("gru_after_backward", "gates", gates, with_channels(dhidden, 3 * dhidden.dimension(-1)));
  expect_type("gru_after_backward", {&dhidden, &gates});
  do_gru_after_backward(candidate, hidden_previous, dhidden, hidden_candidate, gates, dhidden_previous);
}

void Backend::gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                        const Tensor& hidden) {
  expect_same("gru_state", hidden_previous, {&hidden});
  if (candidate) expect_same("gru_state", hidden, {&candidate});
  expect_shape("gru_state", "gates", gates, with_channels(hidden, (candidate ? 2 : 3) * hidden.dimension(-1)));
  expect_type("gru_state", {&hidden, &gates});
  do_gru_state(gates, candidate, hidden_previous, hidden);
}

namespace {

void expect_gru_before(std::string_view operation, const Tensor& hidden, const Tensor& gates) {
  expect_shape(operation, "gates", gates, with_channels(hidden, 2 * hidden.dimension(-1)));
  expect_type(operation, {&hidden, &gates});
}

}  // namespace

void Backend::gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden) {
  expect_same("gru_before_gates", hidden_previous, {&reset_hidden});
  expect_gru_before("gru_before_gates", hidden_previous, gates);
  do_gru_before_gates(hidden_previous, gates, reset_hidden);
}

void Backend::gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                const Tensor& hidden_previous, const Tensor& candidate, const Tensor& hidden) {
  expect_same("gru_before_output", hidden_previous, {&candidate, &hidden});
  expect_gru_before("gru_before_output", hidden_previous, gates);
  do_gru_before_output(candidate_activation, gates, hidden_previous, candidate, hidden);
}

void Backend::gru_before_output_backward(const ActivationSpec& candidate_activation, const Tensor& hidden_previous,
                                         const Tensor& dhidden, const Tensor& candidate, const Tensor& gates,
                                         const Tensor& dhidden_previous) {
  expect_same("gru_before_output_backward", hidden_previous, {&dhidden, &candidate, &dhidden_previous});
  expect_gru_before("gru_before_output_backward", hidden_previous, gates);
  do_gru_before_output_backward(candidate_activation, hidden_previous, dhidden, candidate, gates, dhidden_previous);
}

void Backend::gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden, const Tensor& gates,
                                        const Tensor& dhidden_previous) {
  expect_same("gru_before_gates_backward", hidden_previous, {&dreset_hidden, &dhidden_previous});
  expect_gru_before("gru_before_gates_backward", hidden_previous, gates);
  do_gru_before_gates_backward(hidden_previous, dreset_hidden, gates, dhidden_previous);
}

namespace {

/// `rows` of y out of frames x.
void expect_warp(std::string_view operation, const Tensor& x, const Tensor& flows, const Tensor& y, std::int64_t rows) {
  expect_rank(operation, "frames", x, 4);
  expect_rank(operation, "flows", flows, 4);
  const std::int64_t links = flows.dimension(3) / 2;
  if (links < 1 || flows.dimension(3) % 2 != 0) {
    fail("[{}] got {} channels of flows, expected two a copy", operation, flows.dimension(3));
  }
  expect_shape(operation, "flows", flows, Shape{x.dimension(0), rows, x.dimension(2), 2 * links});
  expect_shape(operation, "copies", y, Shape{x.dimension(0), rows, x.dimension(2), links * x.dimension(3)});
  expect_type(operation, {&x, &y});
  expect_exact(operation, x, {&flows});
}

}  // namespace

void Backend::warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) {
  expect_rank("warp", "copies", y, 4);
  expect_warp("warp", x, flows, y, y.dimension(1));
  if (first_row < 0 || first_row + y.dimension(1) > x.dimension(1)) {
    fail("[warp] got {} rows from {} of {}", y.dimension(1), first_row, to_string(x.shape()));
  }
  do_warp(x, flows, first_row, y);
}

void Backend::warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows,
                            const Tensor& dx, Write write) {
  expect_rank("warp_backward", "frames", x, 4);
  expect_warp("warp_backward", x, flows, dy, x.dimension(1));
  expect_shape("warp_backward", "gradient of the flows", dflows, flows.shape());
  expect_same("warp_backward", x, {&dx});
  expect_type("warp_backward", {&x, &dflows});
  do_warp_backward(x, flows, dy, dflows, dx, write);
}

namespace {

void expect_groups(std::string_view operation, const GroupNormSpec& spec, const Tensor& x,
                   std::initializer_list<const Tensor*> per_channel, std::initializer_list<const Tensor*> per_group) {
  expect_rank(operation, "input", x, 4);
  const std::int64_t channels = x.dimension(3);
  if (spec.groups < 1 || channels % spec.groups != 0) {
    fail("[{}] got {} groups for {} channels, expected a divisor", operation, spec.groups, channels);
  }
  for (const Tensor* tensor : per_channel) {
    expect_shape(operation, "parameter", *tensor, Shape{channels});
    expect_exact(operation, x, {tensor});
  }
  for (const Tensor* tensor : per_group) {
    expect_shape(operation, "statistics", *tensor, Shape{x.dimension(0), spec.groups});
    expect_exact(operation, x, {tensor});
  }
}

}  // namespace

void Backend::group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                         const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) {
  expect_groups("group_norm", spec, x, {&gamma, &beta}, {&mean, &reciprocal_deviation});
  expect_same("group_norm", x, {&y});
  do_group_norm(spec, x, gamma, beta, y, mean, reciprocal_deviation);
}

void Backend::group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                                  const Tensor& reciprocal_deviation, const Tensor& dy, const Tensor& dx,
                                  const Tensor& dgamma, const Tensor& dbeta) {
  expect_groups("group_norm_backward", spec, x, {&gamma, &dgamma, &dbeta}, {&mean, &reciprocal_deviation});
  expect_same("group_norm_backward", x, {&dy, &dx});
  do_group_norm_backward(spec, x, gamma, mean, reciprocal_deviation, dy, dx, dgamma, dbeta);
}

void Backend::pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                         const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write) {
  expect_loss_arguments("pixel_loss", prediction, target, mask, lead_weights, sum, dprediction);
  const TargetWeights& by_target = spec.target_weights;
  const std::size_t expected = by_target.thresholds.empty() ? 0 : by_target.thresholds.size() + 1;
  if (by_target.weights.size() != expected) {
    fail("[pixel_loss] got {} weights beside {} thresholds, expected {}", by_target.weights.size(),
         by_target.thresholds.size(), expected);
  }
  do_pixel_loss(spec, prediction, target, mask, lead_weights, sum, dprediction, write);
}

void Backend::frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                         const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write) {
  expect_loss_arguments("frame_loss", prediction, target, mask, lead_weights, sum, dprediction);
  if (spec.kind == FrameLoss::kStructure &&
      (prediction.dimension(2) < kStructureWindow || prediction.dimension(3) < kStructureWindow)) {
    fail("[frame_loss] got frames of {}x{}, expected at least {}x{}", prediction.dimension(2), prediction.dimension(3),
         kStructureWindow, kStructureWindow);
  }
  do_frame_loss(spec, prediction, target, mask, lead_weights, sum, dprediction, write);
}

std::array<double, kStructureWindow> structure_window() {
  constexpr double kDeviation = 1.5;
  std::array<double, kStructureWindow> weights{};
  double sum = 0.0;
  for (int i = 0; i < kStructureWindow; ++i) {
    const double offset = (i - kStructureWindow / 2) / kDeviation;
    sum += weights[static_cast<std::size_t>(i)] = std::exp(-0.5 * offset * offset);
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

void Backend::euclidean_norm(const Tensor& x, const Tensor& norm) {
  expect_unrounded("euclidean_norm", x);
  expect_scalar64("euclidean_norm", norm);
  do_euclidean_norm(x, norm);
}

void Backend::optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm, const Tensor& value,
                             const Tensor& first, const Tensor& second) {
  expect_unrounded("optimizer_step", value);
  expect_same("optimizer_step", value, {&gradient});
  if (first) expect_same("optimizer_step", value, {&first});
  if (second) expect_same("optimizer_step", value, {&second});
  const bool adam = spec.rule == OptimizerRule::kAdam || spec.rule == OptimizerRule::kAdamW;
  if ((adam || spec.momentum != 0.0) && !first) fail("[optimizer_step] got no first moment");
  if ((adam || spec.rule == OptimizerRule::kRmsProp) && !second) fail("[optimizer_step] got no second moment");
  if (spec.clip_norm > 0.0) expect_scalar64("optimizer_step", norm);
  do_optimizer_step(spec, gradient, norm, value, first, second);
}

void Backend::moving_average(double decay, const Tensor& value, const Tensor& average) {
  expect_unrounded("moving_average", value);
  expect_same("moving_average", value, {&average});
  do_moving_average(decay, value, average);
}

}  // namespace nextframe
