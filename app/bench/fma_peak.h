#pragma once

#include <string>

namespace nextframe::app {

/// What the processor can do at most: fused multiply-adds in registers, nothing read from memory.
struct FmaPeak {
  double gflops = 0;         ///< 10^9 float32 operations a second, a multiply-add counted as two
  std::string instructions;  ///< "AVX-512", "AVX2", ...
};

/// Runs `threads` threads of independent multiply-adds for about `seconds`, with the widest vectors that this processor
/// has, and gives the best tenth of that time.
FmaPeak measure_fma_peak(int threads, double seconds);

}  // namespace nextframe::app
