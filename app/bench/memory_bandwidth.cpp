#include "app/bench/memory_bandwidth.h"

#include <algorithm>
#include <cstdint>

#include "app/bench/together.h"
#include "core/base/clock.h"

namespace nextframe::app {
namespace {

/// Of all threads together, in each of the three arrays: 64 MiB.
constexpr std::int64_t kElements = std::int64_t{16} << 20;

void triad(float* a, const float* b, const float* c, float factor, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) a[i] = b[i] + factor * c[i];
}

}  // namespace

double measure_memory_bandwidth(Backend& backend, int threads, double seconds) {
  const Tensor a = backend.zeros({kElements}, DType::kFloat32);
  const Tensor b = backend.zeros({kElements}, DType::kFloat32);
  const Tensor c = backend.zeros({kElements}, DType::kFloat32);
  const std::int64_t each = kElements / threads;
  double best = 0;
  Stopwatch all;
  do {
    const double rate = sum_of_rates(threads, [&](int thread) {
      const std::int64_t first = thread * each;
      Stopwatch watch;
      triad(a.data<float>() + first, b.data<float>() + first, c.data<float>() + first, 3.0F, each);
      return 3.0 * sizeof(float) * static_cast<double>(each) / watch.seconds();
    });
    best = std::max(best, rate);
  } while (all.seconds() < seconds);
  return best / 1e9;
}

}  // namespace nextframe::app
