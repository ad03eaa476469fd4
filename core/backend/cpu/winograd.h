#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "core/backend/cpu/convolution_plan.h"
#include "core/backend/cpu/memory_pool.h"
#include "core/backend/cpu/parallel.h"
#include "core/backend/specs.h"

namespace nextframe::cpu {

/// An unstrided, dense convolution of 3x3 or 5x5 taps: y[p,q] = sum over taps of x[p + i - pad_above, q + j - pad_left] w[i,j],
/// zeros where x ends.
struct WinogradProblem {
  std::int64_t batch = 0, height = 0, width = 0;
  std::int64_t output_height = 0, output_width = 0;
  std::int64_t inputs = 0, outputs = 0;  ///< channels
  std::int64_t taps = 0;
  std::int64_t pad_above = 0, pad_left = 0;
};

/// Convolutions by Winograd's algorithm (Winograd 1980; Lavin and Gray 2016) over tiles of 8x8 inputs: 4x4 outputs of 5x5
/// taps take 64 multiplications a pair of channels instead of 400, 6x6 outputs of 3x3 taps 64 instead of 324. Arithmetic is
/// float32 for stored float32 and bf16 alike. Results differ from exact ones by 3e-6 to 8e-6 of their norm, four times as
/// much as those of direct sums in float32.
class Winograd {
 public:
  Winograd(const Threads& threads, std::shared_ptr<MemoryPool> pool);
  ~Winograd();

  /// The problem of x -> y, if this algorithm takes fewer than half the multiplications of direct sums for it. Paddings as
  /// WinogradProblem has them.
  static std::optional<WinogradProblem> problem_of(const ConvolutionSpec& spec, const Tensor& x, const Tensor& y,
                                                   std::int64_t taps, std::int64_t pad_above, std::int64_t pad_left);

  /// y = activation(convolution of x + bias) (+ y); `bias` may be empty. The weights are [out,in,taps,taps], or
  /// [in,out,taps,taps] where `order` swaps them; they are rounded to bf16 where x is bf16.
  void run(const WinogradProblem& problem, const Tensor& x, const WeightView& weights, WeightOrder order,
           const Tensor& bias, const ActivationSpec& activation, const Tensor& y, Write write);
  /// dw [out,in,taps,taps] (+)= its gradient; `problem` is the forward convolution's.
  void run_weight_gradient(const WinogradProblem& problem, const Tensor& x, const Tensor& dy, const Tensor& dw,
                           Write write);

 private:
  struct Points;

  Points& points_of(const WinogradProblem& problem, const WeightView& weights, WeightOrder order, DType operands);
  void fill(Points& points, const WinogradProblem& problem, const WeightView& weights);
  void make_room(std::size_t bytes, std::uint64_t version);
  /// `pieces` times `each` floats, and behind them `pixel` zeros; the same memory each time, which the caches still hold.
  float* scratch(std::int64_t pieces, std::int64_t each, std::int64_t pixel);

  Threads threads_;
  std::shared_ptr<MemoryPool> pool_;
  std::list<Points> points_;  ///< the most recently used first
  std::size_t points_bytes_ = 0;
  std::size_t points_limit_;
  std::shared_ptr<Buffer> scratch_;
};

}  // namespace nextframe::cpu
