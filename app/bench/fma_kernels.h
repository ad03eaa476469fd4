#pragma once

#include <cstdint>

namespace nextframe::app {

/// Number formats that the multiply-adds of a network take. Sums are float32 in both.
enum class NumberFormat { kFloat32, kBf16 };

/// A loop of independent multiply-adds that stays in registers.
struct FmaKernel {
  float (*run)(std::int64_t iterations);  ///< the result keeps the compiler from leaving the work out
  double flops = 0;                       ///< of one iteration, a multiply-add counted as two
  const char* instructions;               ///< "AVX-512", ...
};

/// The fastest that this processor has for `format`. Where it has no instruction for bf16 products, which are then done in
/// float32, the kernel of float32.
FmaKernel widest_fma_kernel(NumberFormat format);

}  // namespace nextframe::app
