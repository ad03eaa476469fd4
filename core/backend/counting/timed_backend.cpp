#include "core/backend/counting/timed_backend.h"

#include "core/base/clock.h"

namespace nextframe {

template <class Work>
void TimedBackend::run(const Work& work) {
  Stopwatch watch;
  work(*inner_);
  inner_->sync();
  const double seconds = watch.seconds();
  work(counting_);
  seconds_[counting_.latest()] += seconds;
}

void TimedBackend::restart() {
  counting_.restart();
  seconds_.clear();
}

double TimedBackend::seconds(Phase phase, OperationKind kind) const {
  const auto found = seconds_.find({phase, kind});
  return found == seconds_.end() ? 0.0 : found->second;
}

void TimedBackend::do_fill(double value, const Tensor& y) {
  run([&](Backend& b) { b.fill(value, y); });
}

void TimedBackend::do_copy(const Tensor& x, const Tensor& y) {
  run([&](Backend& b) { b.copy(x, y); });
}

void TimedBackend::do_add(double alpha, const Tensor& x, const Tensor& y, Write write) {
  run([&](Backend& b) { b.add(alpha, x, y, write); });
}

void TimedBackend::do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) {
  run([&](Backend& b) { b.broadcast_channels(bias, y, write); });
}

void TimedBackend::do_sum_channels(const Tensor& x, const Tensor& sums, Write write) {
  run([&](Backend& b) { b.sum_channels(x, sums, write); });
}

void TimedBackend::do_write_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  run([&](Backend& b) { b.write_channels(x, first, y); });
}

void TimedBackend::do_read_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  run([&](Backend& b) { b.read_channels(x, first, y); });
}

void TimedBackend::do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) {
  run([&](Backend& b) { b.activate(spec, x, y); });
}

void TimedBackend::do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy,
                                        const Tensor& dx) {
  run([&](Backend& b) { b.activate_backward(spec, y, dy, dx); });
}

void TimedBackend::do_space_to_depth(int block, const Tensor& x, const Tensor& y) {
  run([&](Backend& b) { b.space_to_depth(block, x, y); });
}

void TimedBackend::do_depth_to_space(int block, const Tensor& x, const Tensor& y) {
  run([&](Backend& b) { b.depth_to_space(block, x, y); });
}

void TimedBackend::do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) {
  run([&](Backend& b) { b.crop_or_pad(fill, x, y); });
}

void TimedBackend::do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                                  const Tensor& y, Write write) {
  run([&](Backend& b) { b.convolution(spec, x, w, bias, y, write); });
}

void TimedBackend::do_convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                             const Tensor& bias, const Tensor& y, Write write) {
  run([&](Backend& b) { b.convolution_transposed(spec, x, w, bias, y, write); });
}

void TimedBackend::do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy,
                                                  const Tensor& dw, Write write) {
  run([&](Backend& b) { b.convolution_weight_gradient(spec, x, dy, dw, write); });
}

void TimedBackend::do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                                   const Tensor& memory) {
  run([&](Backend& b) { b.gated_memory(spec, previous, gates, memory); });
}

void TimedBackend::do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) {
  run([&](Backend& b) { b.gated_memory_backward(previous, gates, dmemory); });
}

void TimedBackend::do_gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden) {
  run([&](Backend& b) { b.gated_output(values, gate, content, hidden); });
}

void TimedBackend::do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) {
  run([&](Backend& b) { b.gated_output_backward(dhidden, gate, content); });
}

void TimedBackend::do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
                           const Tensor& hidden) {
  run([&](Backend& b) { b.lstm(cell_previous, peephole, gates, cell, hidden); });
}

void TimedBackend::do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                                 const Tensor& hidden) {
  run([&](Backend& b) { b.lstm_state(cell_previous, gates, cell, hidden); });
}

void TimedBackend::do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole,
                                    const Tensor& dhidden, const Tensor& gates, const Tensor& dcell,
                                    const Tensor& dpeephole) {
  run([&](Backend& b) { b.lstm_backward(cell_previous, cell, peephole, dhidden, gates, dcell, dpeephole); });
}

void TimedBackend::do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates,
                                const Tensor& hidden_previous, const Tensor& gates, const Tensor& hidden_candidate,
                                const Tensor& hidden) {
  run([&](Backend& b) { b.gru_after(candidate, hidden_gates, hidden_previous, gates, hidden_candidate, hidden); });
}

void TimedBackend::do_gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous,
                                         const Tensor& dhidden, const Tensor& hidden_candidate, const Tensor& gates,
                                         const Tensor& dhidden_previous) {
  run([&](Backend& b) {
    b.gru_after_backward(candidate, hidden_previous, dhidden, hidden_candidate, gates, dhidden_previous);
  });
}

void TimedBackend::do_gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                                const Tensor& hidden) {
  run([&](Backend& b) { b.gru_state(gates, candidate, hidden_previous, hidden); });
}

void TimedBackend::do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden) {
  run([&](Backend& b) { b.gru_before_gates(hidden_previous, gates, reset_hidden); });
}

void TimedBackend::do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                        const Tensor& hidden_previous, const Tensor& candidate, const Tensor& hidden) {
  run([&](Backend& b) { b.gru_before_output(candidate_activation, gates, hidden_previous, candidate, hidden); });
}

void TimedBackend::do_gru_before_output_backward(const ActivationSpec& candidate_activation,
                                                 const Tensor& hidden_previous, const Tensor& dhidden,
                                                 const Tensor& candidate, const Tensor& gates,
                                                 const Tensor& dhidden_previous) {
  run([&](Backend& b) {
    b.gru_before_output_backward(candidate_activation, hidden_previous, dhidden, candidate, gates, dhidden_previous);
  });
}

void TimedBackend::do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden,
                                                const Tensor& gates, const Tensor& dhidden_previous) {
  run([&](Backend& b) { b.gru_before_gates_backward(hidden_previous, dreset_hidden, gates, dhidden_previous); });
}

void TimedBackend::do_warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) {
  run([&](Backend& b) { b.warp(x, flows, first_row, y); });
}

void TimedBackend::do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows,
                                    const Tensor& dx, Write write) {
  run([&](Backend& b) { b.warp_backward(x, flows, dy, dflows, dx, write); });
}

void TimedBackend::do_group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                                 const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) {
  run([&](Backend& b) { b.group_norm(spec, x, gamma, beta, y, mean, reciprocal_deviation); });
}

void TimedBackend::do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma,
                                          const Tensor& mean, const Tensor& reciprocal_deviation, const Tensor& dy,
                                          const Tensor& dx, const Tensor& dgamma, const Tensor& dbeta) {
  run([&](Backend& b) { b.group_norm_backward(spec, x, gamma, mean, reciprocal_deviation, dy, dx, dgamma, dbeta); });
}

void TimedBackend::do_pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target,
                                 const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                                 const Tensor& dprediction, Write write) {
  run([&](Backend& b) { b.pixel_loss(spec, prediction, target, mask, lead_weights, sum, dprediction, write); });
}

void TimedBackend::do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target,
                                 const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                                 const Tensor& dprediction, Write write) {
  run([&](Backend& b) { b.frame_loss(spec, prediction, target, mask, lead_weights, sum, dprediction, write); });
}

void TimedBackend::do_euclidean_norm(const Tensor& x, const Tensor& norm) {
  run([&](Backend& b) { b.euclidean_norm(x, norm); });
}

void TimedBackend::do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm,
                                     const Tensor& value, const Tensor& first, const Tensor& second) {
  run([&](Backend& b) { b.optimizer_step(spec, gradient, norm, value, first, second); });
}

void TimedBackend::do_moving_average(double decay, const Tensor& value, const Tensor& average) {
  run([&](Backend& b) { b.moving_average(decay, value, average); });
}

}  // namespace nextframe
