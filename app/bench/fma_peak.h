#pragma once

#include <string>

#include "app/bench/fma_kernels.h"

namespace nextframe::app {

/// What the processor can do at most: multiply-adds in registers, nothing read from memory.
struct FmaPeak {
  double gflops = 0;         ///< 10^9 operations a second, a multiply-add counted as two
  std::string instructions;  ///< "AVX-512", "AVX2", ...
};

/// Runs `threads` threads of independent multiply-adds for about `seconds`, with the widest instructions that this
/// processor has for `format`, and gives the best tenth of that time.
FmaPeak measure_fma_peak(NumberFormat format, int threads, double seconds);

}  // namespace nextframe::app
