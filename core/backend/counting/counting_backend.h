#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "core/backend/backend.h"

namespace nextframe {

enum class OperationKind {
  kConvolution,
  kConvolutionTransposed,
  kWeightGradient,
  kGates,
  kWarp,
  kNormalisation,
  kActivation,
  kElementwise,
  kLayout,
  kLoss,
  kOptimizer,
};

std::string_view name_of(OperationKind kind);

/// Which part of a training step runs. A convolution_transposed is a layer in one and a data gradient in another, so
/// whoever runs the step says.
enum class Phase { kForward, kBackward, kUpdate };

std::string_view name_of(Phase phase);

struct OperationTotal {
  std::int64_t calls = 0;
  std::int64_t operations = 0;  ///< floating-point operations, a multiplication with an addition being two
  std::int64_t bytes = 0;       ///< of the arguments, each counted once for reading and once for writing

  OperationTotal& operator+=(const OperationTotal& other);
};

/// Performs nothing: tensors have no memory, and every operation only adds to totals. Running the real training step on
/// it gives the step's memory plan and operation count without a single copy of the network's structure.
///
/// A convolution of any of the three kinds counts 2 N P Q O C k k with [N,P,Q,O] its small side: taps on the padding
/// count, a fused bias, sum or activation does not. Elementwise work counts its additions, multiplications and
/// divisions, and four for each exponential or hyperbolic tangent.
class CountingBackend final : public Backend {
 public:
  explicit CountingBackend(std::shared_ptr<MemoryTrace> trace = std::make_shared<MemoryTrace>());

  std::string_view name() const override { return "counting"; }
  Tensor allocate(const Shape& shape, DType dtype) override;
  void upload(const void*, const Tensor&) override {}
  /// Gives zeros.
  void download(const Tensor& from, void* host) override;

  MemoryTrace* trace() const override { return trace_.get(); }

  void set_phase(Phase phase) { phase_ = phase; }

  const MemoryTrace& memory() const { return *trace_; }
  /// All operation totals start again.
  void restart() { totals_.clear(); }
  /// Zero totals where the operation was not used.
  const OperationTotal& total(Phase phase, OperationKind kind) const;
  OperationTotal total(Phase phase) const;
  OperationTotal total() const;
  /// What the last operation was counted as.
  const std::pair<Phase, OperationKind>& latest() const { return latest_; }

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
  struct Traffic;
  class Booked;
  void count(OperationKind kind, std::int64_t operations, const Traffic& traffic);

  std::shared_ptr<MemoryTrace> trace_;
  Phase phase_ = Phase::kForward;
  std::pair<Phase, OperationKind> latest_{};
  std::map<std::pair<Phase, OperationKind>, OperationTotal> totals_;
};

}  // namespace nextframe
