#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "core/backend/memory_plan.h"
#include "core/backend/memory_trace.h"
#include "core/backend/specs.h"
#include "core/tensor/tensor.h"

namespace nextframe {

/// The seam between the network and the machine: every operation that a layer, loss or optimizer needs, forward and
/// backward. Public methods check shapes and types once for all backends and hand over to a virtual method of the same
/// name with `do_` in front; a backend implements only those.
///
/// Rules for every operation:
///  - arguments read are given before arguments written; `Write::kOverwrite` never reads what it overwrites (it may be
///    NaN), `Write::kAccumulate` adds;
///  - inputs and outputs do not overlap unless the comment says "in place";
///  - nothing visible is allocated, and the work may be asynchronous until `sync()`;
///  - the same call on the same data gives the same bits.
/// Types: activations, the tensors of [N,H,W,C] and their gradients, are all alike float32, float64 or bf16. What an
/// operation's comment calls exact is in the type exact_of() names, as every parameter, bias and parameter gradient is.
/// Beside bf16 activations weights are rounded to bf16 as they are multiplied; sums and arithmetic are at least float32,
/// rounded once as they are stored. Losses and optimizers work on exact tensors only.
/// Layouts: activations [N,H,W,C]; convolution weights [out,in,kernel,kernel]; transposed convolution weights
/// [in,out,kernel,kernel]; biases [C]. Gate orders: ConvLSTM i,f,g,o; ConvGRU z,r,n.
class Backend {
 public:
  Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;
  virtual ~Backend() = default;

  /// "reference", "cpu", "counting", ...
  virtual std::string_view name() const = 0;

  virtual Bf16Support bf16_support() const { return Bf16Support::kEmulated; }
  /// What it multiplies with, for messages: "AVX-512 BF16".
  virtual std::string_view instructions() const { return name(); }

  /// Memory with undefined content. Blocks given back are kept and reused for equal sizes.
  virtual Tensor allocate(const Shape& shape, DType dtype) = 0;
  Tensor zeros(const Shape& shape, DType dtype);
  /// Copies `to.bytes()` bytes from host memory.
  virtual void upload(const void* host, const Tensor& to) = 0;
  /// Copies `from.bytes()` bytes to host memory, after all work before it.
  virtual void download(const Tensor& from, void* host) = 0;
  virtual void sync() {}

  /// A backend that performs nothing and takes no memory, but asks for every block that this one would, its operations'
  /// workspace included, and records that in `trace`: its tensors cannot be touched. Null where a backend cannot tell.
  virtual std::unique_ptr<Backend> make_planner(std::shared_ptr<MemoryTrace>) const { return nullptr; }
  /// Where a backend that only plans or counts records what is asked for; null where operations are performed.
  virtual MemoryTrace* trace() const { return nullptr; }
  /// The memory asked for until end_plan() is that of `plan`, block by block; see PlannedMemory. Work that departs from
  /// its plan gets other memory, never memory that is in use.
  virtual void begin_plan(std::shared_ptr<const MemoryPlan>) {}
  virtual void end_plan() {}

  /// A number no earlier call gave: the version of a set of weights. See WeightView.
  std::uint64_t next_weight_version() { return ++weight_version_; }

  // --- elementwise and layout ---
  void fill(double value, const Tensor& y);
  /// Converts where the two types differ.
  void copy(const Tensor& x, const Tensor& y);
  /// y = alpha x (+ y)
  void add(double alpha, const Tensor& x, const Tensor& y, Write write);
  /// y[..., c] = bias[c] (+ y)
  void broadcast_channels(const Tensor& bias, const Tensor& y, Write write);
  /// sums[c] = sum over all other dimensions of x[..., c] (+ sums)
  void sum_channels(const Tensor& x, const Tensor& sums, Write write);
  /// y[..., first + c] = x[..., c]: some channels of y, the others stay.
  void write_channels(const Tensor& x, std::int64_t first, const Tensor& y);
  /// y = x[..., first + c]: some channels of x.
  void read_channels(const Tensor& x, std::int64_t first, const Tensor& y);
  /// y = activation(x), in place allowed.
  void activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y);
  /// dx = dy o activation'(x), computed from the output y, at a kink (y = 0) from the left. In place (dx is dy) allowed.
  void activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy, const Tensor& dx);
  /// [N,H,W,C] -> [N,H/b,W/b,b*b*C]: channel (row * b + column) * C + c of a block.
  void space_to_depth(int block, const Tensor& x, const Tensor& y);
  /// The inverse of space_to_depth.
  void depth_to_space(int block, const Tensor& x, const Tensor& y);
  /// Copies the common top left part of [N,H,W,C] x to [N,H',W',C] y; what is left of y is filled as `fill` says.
  void crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y);

  // --- convolutions; output sizes are checked against ConvolutionSpec ---
  /// y[n,p,q,o] = activation(bias[o] + sum x[n, p*stride + i*dilation - pad, ..., c] w[o,c,i,j]) (+ y; then the activation
  /// must be none). `bias` may be empty; y may be exact.
  void convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                   const Tensor& y, Write write);
  /// The adjoint of `convolution` in x, which is both its data gradient and the transposed convolution:
  /// y[n, p*stride + i*dilation - pad, ..., c] gathers x[n,p,q,o] w[o,c,i,j], plus bias, then activation. Here w is
  /// [channels of x, channels of y, kernel, kernel]. `bias` may be empty; with kAccumulate the activation must be none; y
  /// may be exact.
  void convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                              const Tensor& y, Write write);
  /// Rows first_row .. of what convolution() writes: x [1,H,W,C] is a whole frame, y [1,R,Q,O] takes R rows.
  void convolution_rows(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                        std::int64_t first_row, const Tensor& y, Write write);
  /// The same of convolution_transposed().
  void convolution_transposed_rows(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                   const Tensor& bias, std::int64_t first_row, const Tensor& y, Write write);
  /// dw[o,c,i,j] = sum over n,p,q of x[n, p*stride + i*dilation - pad, ..., c] dy[n,p,q,o] (+ dw). For the weights of a
  /// transposed convolution pass its dy as x and its x as dy.
  void convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy, const Tensor& dw,
                                   Write write);

  // --- gates ---
  /// One ConvLSTM step after the convolutions: gates [N,H,W,4C] hold the summed pre-activations and become the activated
  /// i,f,g,o. `peephole` [3C] in order i,f,o, or empty. The cell states are exact; `cell` may be `cell_previous` (in place).
  void lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
            const Tensor& hidden);
  /// The state that lstm() made, again, from what it left in the gates: c = f c' + i g, h = o tanh(c). In place likewise.
  void lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell, const Tensor& hidden);
  /// Its adjoint: gates go from activated to the gradient of the pre-activations; dcell [N,H,W,C] from the gradient of c
  /// to that of c', exact as c is. dpeephole [3C] accumulates.
  void lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole, const Tensor& dhidden,
                     const Tensor& gates, const Tensor& dcell, const Tensor& dpeephole);
  /// One ConvGRU step, reset after: gates [N,H,W,3C] from input pre-activations to activated z,r,n; `hidden_gates`
  /// [N,H,W,3C] is the hidden convolution with its bias; its n part is kept in `hidden_candidate` [N,H,W,C].
  void gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates, const Tensor& hidden_previous,
                 const Tensor& gates, const Tensor& hidden_candidate, const Tensor& hidden);
  /// The gates go from activated to the hidden side's gradient dz,dr,r o dn, and hidden_candidate to dn, which with dz,dr
  /// is the input side's; dhidden_previous += z-path of dhidden, (1-z) o h' giving (1-z) o dhidden.
  void gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous, const Tensor& dhidden,
                          const Tensor& hidden_candidate, const Tensor& gates, const Tensor& dhidden_previous);
  /// The state that gru_after() or gru_before_output() made, again, from what they left in the gates: h = (1-z) h' + z n.
  /// n is the last part of gates [N,H,W,3C], or `candidate` [N,H,W,C] beside gates [N,H,W,2C].
  void gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous, const Tensor& hidden);
  /// ConvGRU, reset before, first half: gates [N,H,W,2C] from pre-activations to activated z,r; reset_hidden = r o h'.
  void gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden);
  /// Second half: candidate [N,H,W,C] from pre-activation to activated n; hidden = (1-z) o h' + z o n.
  void gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates, const Tensor& hidden_previous,
                         const Tensor& candidate, const Tensor& hidden);
  /// Adjoint of the second half: candidate becomes its pre-activation's gradient, the z part of gates becomes dz (r
  /// stays), dhidden_previous += (1-z) o dhidden.
  void gru_before_output_backward(const ActivationSpec& candidate_activation, const Tensor& hidden_previous,
                                  const Tensor& dhidden, const Tensor& candidate, const Tensor& gates,
                                  const Tensor& dhidden_previous);
  /// Adjoint of the first half: the r part of gates becomes dr, dhidden_previous += r o dreset_hidden.
  void gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden, const Tensor& gates,
                                 const Tensor& dhidden_previous);

  /// A state with gates of its own: c = f c' + i tanh(g), in place allowed, exact as the states of lstm() are. gates
  /// [N,H,W,3C] hold i,f,g, pre-activations that become activated, or what this left there.
  void gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates, const Tensor& memory);
  /// Its adjoint: gates go from activated to the gradient of the pre-activations, dmemory from that of c to that of c'.
  void gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory);
  /// h = s(gate) tanh(content), all [N,H,W,C]; gate and content become activated, or are so already.
  void gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden);
  /// Its adjoint: gate and content go from activated to the gradients of their pre-activations.
  void gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content);

  // --- motion (Shi et al. 2017, after Jaderberg et al. 2015) ---
  /// L copies of x, each moved along a flow of its own: with p counted from first_row,
  /// y[n,p,q, l C + c] = x[n, p - v, q - u, c], bilinear between pixels and zero beyond the frame, where the content has
  /// moved u = flows[n,p,q,2l] pixels to the right and v = flows[n,p,q,2l+1] down to come to (p,q). That is HKO-7's sign.
  /// x [N,H,W,C]; flows [N,R,W,2L], exact, and y [N,R,W,L C] are R rows of the frame. A flow that is not finite gives NaN.
  void warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y);
  /// Its adjoint for all H rows. dflows, an activation, is overwritten; where a place is read that lies on a pixel's row or
  /// column, at which the derivative jumps, it takes the side to the right or below. dx = what dy leaves there (+ dx).
  void warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows, const Tensor& dx,
                     Write write);

  // --- normalisation (Wu and He 2018) ---
  /// Channels of [N,H,W,C] in `spec.groups` equal groups; each group of a sample is normalised over H, W and its
  /// channels, then scaled by gamma [C] and shifted by beta [C]. mean and reciprocal_deviation [N,groups], exact, are kept.
  void group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta, const Tensor& y,
                  const Tensor& mean, const Tensor& reciprocal_deviation);
  /// dx may be dy (in place). dgamma and dbeta accumulate.
  void group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& mean,
                           const Tensor& reciprocal_deviation, const Tensor& dy, const Tensor& dx, const Tensor& dgamma,
                           const Tensor& dbeta);

  // --- loss and optimizer ---
  /// sum[0] += w * sum over [T,N,H,W,C] of lead_weights[t] mask q(target) l(prediction, target), with l and the factor q
  /// by the target chosen by the spec and w = spec.weight * spec.scale; dprediction = the same with l' in place of l
  /// (+ dprediction), if given.
  /// mask [T,N,H,W,1] or empty; lead_weights [T] or empty; sum [1] float64. Where the mask or the lead weight is 0 the
  /// loss and its derivative are 0, whatever prediction and target hold there, NaN included.
  void pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                  const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write);
  /// The same arguments for a loss l of each frame's channels as a whole: sum[0] += w * sum over [T,N,C] of
  /// lead_weights[t] m l(prediction, target), m the sum of the frame's mask (H W without one); dprediction = the derivative
  /// (+ dprediction). A pixel is missing where the mask is 0: there prediction and target may hold anything, NaN included,
  /// and the derivative is 0. Frames of kStructure have at least 11x11 pixels.
  void frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target, const Tensor& mask,
                  const Tensor& lead_weights, const Tensor& sum, const Tensor& dprediction, Write write);
  /// norm[0] = sqrt(sum of squares of x), norm [1] float64, summed in double.
  void euclidean_norm(const Tensor& x, const Tensor& norm);
  /// One step of the optimizer over flat buffers (see OptimizerSpec for each rule). The gradient is first multiplied by
  /// min(1, clip_norm / norm[0]) and clamped to +-clip_value, as far as those are set. `first` and `second` are the
  /// optimizer's moments, empty where the rule has none.
  void optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm, const Tensor& value,
                      const Tensor& first, const Tensor& second);
  /// average = decay * average + (1 - decay) * value
  void moving_average(double decay, const Tensor& value, const Tensor& average);

 protected:
  virtual void do_fill(double value, const Tensor& y) = 0;
  virtual void do_copy(const Tensor& x, const Tensor& y) = 0;
  virtual void do_add(double alpha, const Tensor& x, const Tensor& y, Write write) = 0;
  virtual void do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) = 0;
  virtual void do_sum_channels(const Tensor& x, const Tensor& sums, Write write) = 0;
  virtual void do_write_channels(const Tensor& x, std::int64_t first, const Tensor& y) = 0;
  virtual void do_read_channels(const Tensor& x, std::int64_t first, const Tensor& y) = 0;
  virtual void do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) = 0;
  virtual void do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy,
                                    const Tensor& dx) = 0;
  virtual void do_space_to_depth(int block, const Tensor& x, const Tensor& y) = 0;
  virtual void do_depth_to_space(int block, const Tensor& x, const Tensor& y) = 0;
  virtual void do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) = 0;
  virtual void do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w, const Tensor& bias,
                              const Tensor& y, Write write) = 0;
  virtual void do_convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                         const Tensor& bias, const Tensor& y, Write write) = 0;
  virtual void do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy,
                                              const Tensor& dw, Write write) = 0;
  virtual void do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
                       const Tensor& hidden) = 0;
  virtual void do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                             const Tensor& hidden) = 0;
  virtual void do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole,
                                const Tensor& dhidden, const Tensor& gates, const Tensor& dcell,
                                const Tensor& dpeephole) = 0;
  virtual void do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates, const Tensor& hidden_previous,
                            const Tensor& gates, const Tensor& hidden_candidate, const Tensor& hidden) = 0;
  virtual void do_gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous,
                                     const Tensor& dhidden, const Tensor& hidden_candidate, const Tensor& gates,
                                     const Tensor& dhidden_previous) = 0;
  virtual void do_gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                            const Tensor& hidden) = 0;
  virtual void do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden) = 0;
  virtual void do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                    const Tensor& hidden_previous, const Tensor& candidate, const Tensor& hidden) = 0;
  virtual void do_gru_before_output_backward(const ActivationSpec& candidate_activation, const Tensor& hidden_previous,
                                             const Tensor& dhidden, const Tensor& candidate, const Tensor& gates,
                                             const Tensor& dhidden_previous) = 0;
  virtual void do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden,
                                            const Tensor& gates, const Tensor& dhidden_previous) = 0;
  virtual void do_warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) = 0;
  virtual void do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows,
                                const Tensor& dx, Write write) = 0;
  virtual void do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                               const Tensor& memory) = 0;
  virtual void do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) = 0;
  virtual void do_gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden) = 0;
  virtual void do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) = 0;
  virtual void do_group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma, const Tensor& beta,
                             const Tensor& y, const Tensor& mean, const Tensor& reciprocal_deviation) = 0;
  virtual void do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma,
                                      const Tensor& mean, const Tensor& reciprocal_deviation, const Tensor& dy,
                                      const Tensor& dx, const Tensor& dgamma, const Tensor& dbeta) = 0;
  virtual void do_pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target,
                             const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                             const Tensor& dprediction, Write write) = 0;
  virtual void do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target,
                             const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                             const Tensor& dprediction, Write write) = 0;
  virtual void do_euclidean_norm(const Tensor& x, const Tensor& norm) = 0;
  virtual void do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm,
                                 const Tensor& value, const Tensor& first, const Tensor& second) = 0;
  virtual void do_moving_average(double decay, const Tensor& value, const Tensor& average) = 0;

 private:
  std::uint64_t weight_version_ = 0;
};

/// While it lives, memory is asked for on behalf of a part of the network, "encoder.0.rnn", as far as anybody records it.
class Part {
 public:
  Part(Backend& backend, std::string_view name) : trace_(backend.trace()) {
    if (trace_ != nullptr) trace_->enter(name);
  }
  ~Part() {
    if (trace_ != nullptr) trace_->leave();
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

 private:
  MemoryTrace* trace_;
};

/// While it lives, the backend serves the work of a plan; null stands for work that has none and takes what
/// fits of the memory that other work has planned.
class PlannedMemory {
 public:
  PlannedMemory(Backend& backend, std::shared_ptr<const MemoryPlan> plan) : backend_(backend) {
    backend_.begin_plan(std::move(plan));
  }
  ~PlannedMemory() { backend_.end_plan(); }
  PlannedMemory(const PlannedMemory&) = delete;
  PlannedMemory& operator=(const PlannedMemory&) = delete;

 private:
  Backend& backend_;
};

}  // namespace nextframe
