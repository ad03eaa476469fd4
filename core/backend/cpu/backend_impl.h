#pragma once

#include <memory>

#include "core/backend/cpu/convolution_plan.h"
#include "core/backend/cpu/cpu_backend.h"
#include "core/backend/cpu/memory_pool.h"
#include "core/backend/cpu/parallel.h"

namespace nextframe::cpu {

class Winograd;

/// The CPU backend. Each family of operations is defined in the file of its name.
class CpuBackend final : public Backend {
 public:
  /// With a trace, a backend that only plans.
  explicit CpuBackend(const CpuOptions& options, std::shared_ptr<MemoryTrace> trace = nullptr);
  ~CpuBackend() override;

  std::string_view name() const override { return "cpu"; }
  Bf16Support bf16_support() const override;
  std::string_view instructions() const override;
  Tensor allocate(const Shape& shape, DType dtype) override;
  void upload(const void* host, const Tensor& to) override;
  void download(const Tensor& from, void* host) override;
  std::unique_ptr<Backend> make_planner(std::shared_ptr<MemoryTrace> trace) const override;
  MemoryTrace* trace() const override { return trace_.get(); }
  void begin_plan(std::shared_ptr<const MemoryPlan> plan) override;
  void end_plan() override { pool_->end_plan(); }
  const MemoryPool& pool() const { return *pool_; }

 protected:
  // elementwise.cpp
  void do_fill(double value, const Tensor& y) override;
  void do_copy(const Tensor& x, const Tensor& y) override;
  void do_add(double alpha, const Tensor& x, const Tensor& y, Write write) override;
  void do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) override;
  void do_write_channels(const Tensor& x, std::int64_t first, const Tensor& y) override;
  void do_read_channels(const Tensor& x, std::int64_t first, const Tensor& y) override;
  void do_sum_channels(const Tensor& x, const Tensor& sums, Write write) override;
  // activation.cpp
  void do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) override;
  void do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy, const Tensor& dx) override;
  // layout.cpp
  void do_space_to_depth(int block, const Tensor& x, const Tensor& y) override;
  void do_depth_to_space(int block, const Tensor& x, const Tensor& y) override;
  void do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) override;
  // convolution.cpp
  void do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                      const Tensor& y, Write write) override;
  void do_convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                                 const Tensor& y, Write write) override;
  void do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy, const Tensor& dw,
                                      Write write) override;
  // lstm.cpp
  void do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
               const Tensor& hidden) override;
  void do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                     const Tensor& hidden) override;
  void do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole, const Tensor& dhidden,
                        const Tensor& gates, const Tensor& dcell, const Tensor& dpeephole) override;
  // gated_memory.cpp
  void do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                       const Tensor& memory) override;
  void do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) override;
  void do_gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden) override;
  void do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) override;
  // gru.cpp
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
  // warp.cpp
  void do_warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) override;
  void do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows, const Tensor& dx,
                        Write write) override;
  // group_norm.cpp
  void do_group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                     const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) override;
  void do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                              const Tensor& reciprocal_deviation, const Tensor& dy, const Tensor& dx,
                              const Tensor& dgamma, const Tensor& dbeta) override;
  // loss.cpp
  void do_pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                     const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write) override;
  // frame_loss.cpp
  void do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                     const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write) override;
  // optimizer.cpp
  void do_euclidean_norm(const Tensor& x, const Tensor& norm) override;
  void do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm, const Tensor& value,
                         const Tensor& first, const Tensor& second) override;
  void do_moving_average(double decay, const Tensor& value, const Tensor& average) override;

 private:
  /// Memory of an operation for itself.
  Tensor workspace(const Shape& shape, DType dtype);
  void convert(const Tensor& x, const Tensor& y);
  /// x, or a copy of it in float32.
  Tensor in_float(const Tensor& x);
  /// y = activation(x + bias) (+ y) for every channel of every pixel; x may be y, bias may be empty.
  void finish(const ActivationSpec& activation, const Tensor& x, const Tensor& bias, const Tensor& y, Write write);
  /// Whether oneDNN multiplies such operands at their speed.
  bool multiplies(const PlanKey& key);
  /// y = the convolution by `key` of x, whose types it takes from the two, by way of float32 where oneDNN does not.
  void multiply(PlanKey key, const Tensor& x, const WeightView& w, WeightOrder order, const Tensor& bias,
                const Tensor& y);
  /// y = the adjoint of a convolution in x.
  void scatter(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& y);
  void transposed_strided(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                          const Tensor& y, Write write);

  Threads threads_;
  std::shared_ptr<MemoryTrace> trace_;  ///< of a backend that only plans
  std::shared_ptr<MemoryPool> pool_;
  std::unique_ptr<ConvolutionPlans> plans_;
  std::unique_ptr<Winograd> winograd_;
};

/// Fewest elements of an elementwise loop that are worth another thread.
constexpr std::int64_t kGrain = 8192;

}  // namespace nextframe::cpu
