#include "app/bench/fma_peak.h"

#include <algorithm>
#include <cstdint>

#include "app/bench/together.h"
#include "core/base/clock.h"

namespace nextframe::app {
namespace {

constexpr int kParts = 10;
/// Iterations between two looks at the clock: well under a millisecond's work.
constexpr std::int64_t kBlock = 20000;

}  // namespace

FmaPeak measure_fma_peak(NumberFormat format, int threads, double seconds) {
  const FmaKernel kernel = widest_fma_kernel(format);
  double best = 0;
  for (int part = 0; part < kParts; ++part) {
    const double rate = sum_of_rates(threads, [&](int) {
      volatile float sink = 0;
      Stopwatch watch;
      std::int64_t blocks = 0;
      do {
        sink = kernel.run(kBlock);
        ++blocks;
      } while (watch.seconds() < seconds / kParts);
      static_cast<void>(sink);
      return static_cast<double>(blocks * kBlock) * kernel.flops / watch.seconds();
    });
    best = std::max(best, rate);
  }
  return {best / 1e9, kernel.instructions};
}

}  // namespace nextframe::app
