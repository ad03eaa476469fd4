#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "core/backend/counting/counting_backend.h"

namespace nextframe {

/// Performs every operation on another backend and keeps, beside the counts of a CountingBackend, how long each kind took.
class TimedBackend final : public Backend {
 public:
  explicit TimedBackend(std::unique_ptr<Backend> inner) : inner_(std::move(inner)) {}

  std::string_view name() const override { return inner_->name(); }
  Bf16Support bf16_support() const override { return inner_->bf16_support(); }
  std::string_view instructions() const override { return inner_->instructions(); }
  Tensor allocate(const Shape& shape, DType dtype) override { return inner_->allocate(shape, dtype); }
  void upload(const void* host, const Tensor& to) override { inner_->upload(host, to); }
  void download(const Tensor& from, void* host) override { inner_->download(from, host); }
  void sync() override { inner_->sync(); }
  std::unique_ptr<Backend> make_planner(std::shared_ptr<MemoryTrace> trace) const override {
    return inner_->make_planner(std::move(trace));
  }
  void begin_plan(std::shared_ptr<const MemoryPlan> plan) override { inner_->begin_plan(std::move(plan)); }
  void end_plan() override { inner_->end_plan(); }

  void set_phase(Phase phase) { counting_.set_phase(phase); }
  /// Counts and times start again.
  void restart();
  const OperationTotal& total(Phase phase, OperationKind kind) const { return counting_.total(phase, kind); }
  double seconds(Phase phase, OperationKind kind) const;

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
  template <class Work>
  void run(const Work& work);

  std::unique_ptr<Backend> inner_;
  CountingBackend counting_;
  std::map<std::pair<Phase, OperationKind>, double> seconds_;
};

}  // namespace nextframe
