#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "core/backend/backend.h"

namespace nextframe {

/// The definition of correct: every operation as the plainest loop over its equation, in float, double and bf16, one
/// after the other on the calling thread. Sums and arithmetic are in double whatever the type. New memory is filled with NaN, so that
/// reading what nobody wrote shows in every result.
class ReferenceBackend final : public Backend {
 public:
  ReferenceBackend();
  ~ReferenceBackend() override;

  std::string_view name() const override { return "reference"; }
  Tensor allocate(const Shape& shape, DType dtype) override;
  void upload(const void* host, const Tensor& to) override;
  void download(const Tensor& from, void* host) override;

 protected:
  void do_fill(double value, const Tensor& y) override;
  void do_copy(const Tensor& x, const Tensor& y) override;
  void do_add(double alpha, const Tensor& x, const Tensor& y, Write write) override;
  void do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) override;
  void do_sum_channels(const Tensor& x, const Tensor& sums, Write write) override;
  void do_write_channels(const Tensor& x, std::int64_t first, const Tensor& y) override;
  void do_read_channels(const Tensor& x, std::int64_t first, const Tensor& y) override;
  void do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) override;
  void do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy, const Tensor& dx) override;
  void do_space_to_depth(int block, const Tensor& x, const Tensor& y) override;
  void do_depth_to_space(int block, const Tensor& x, const Tensor& y) override;
  void do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) override;
  void do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                      const Tensor& y, Write write) override;
  void do_convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                                 const Tensor& y, Write write) override;
  void do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy, const Tensor& dw,
                                      Write write) override;
  void do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                       const Tensor& memory) override;
  void do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) override;
  void do_gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden) override;
  void do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) override;
  void do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
               const Tensor& hidden) override;
  void do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                     const Tensor& hidden) override;
  void do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole, const Tensor& dhidden,
                        const Tensor& gates, const Tensor& dcell, const Tensor& dpeephole) override;
  void do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates, const Tensor& hidden_previous,
                    const Tensor& gates, const Tensor& hidden_candidate, const Tensor& hidden) override;
  void do_gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous, const Tensor& dhidden,
                             const Tensor& hidden_candidate, const Tensor& gates,
                             const Tensor& dhidden_previous) override;
  void do_gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                    const Tensor& hidden) override;
  void do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden) override;
  void do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                            const Tensor& hidden_previous, const Tensor& candidate, const Tensor& hidden) override;
  void do_gru_before_output_backward(const ActivationSpec& candidate_activation, const Tensor& hidden_previous,
                                     const Tensor& dhidden, const Tensor& candidate, const Tensor& gates,
                                     const Tensor& dhidden_previous) override;
  void do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden, const Tensor& gates,
                                    const Tensor& dhidden_previous) override;
  void do_warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) override;
  void do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows, const Tensor& dx,
                        Write write) override;
  void do_group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                     const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) override;
  void do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                              const Tensor& reciprocal_deviation, const Tensor& dy, const Tensor& dx,
                              const Tensor& dgamma, const Tensor& dbeta) override;
  void do_pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                     const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write) override;
  void do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                     const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write) override;
  void do_euclidean_norm(const Tensor& x, const Tensor& norm) override;
  void do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm, const Tensor& value,
                         const Tensor& first, const Tensor& second) override;
  void do_moving_average(double decay, const Tensor& value, const Tensor& average) override;

 private:
  class Pool;
  std::shared_ptr<Pool> pool_;
};

}  // namespace nextframe
