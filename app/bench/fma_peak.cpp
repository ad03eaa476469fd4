#include "app/bench/fma_peak.h"

#include <algorithm>
#include <barrier>
#include <cstdint>
#include <thread>
#include <vector>

#include "core/base/clock.h"

// Compiled with -ffp-contract=fast (see CMakeLists.txt), so that a * b + c becomes one instruction where the target has
// it.
namespace nextframe::app {
namespace {

/// Enough chains to hide the latency: 4 cycles times 2 units make 8; more registers than that would spill under AVX2.
constexpr int kChains = 12;

using Kernel = float (*)(std::int64_t iterations);

template <int kBytes>
struct VectorOf {
  typedef float Type __attribute__((vector_size(kBytes)));
};

template <int kBytes>
[[gnu::always_inline]] inline float multiply_add(std::int64_t iterations) {
  using Vector = typename VectorOf<kBytes>::Type;
  volatile float source = 0.999F;
  const Vector factor = source - Vector{};
  Vector chains[kChains];
  for (int c = 0; c < kChains; ++c) chains[c] = factor * static_cast<float>(c);
  for (std::int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) chains[c] = chains[c] * factor + factor;
  }
  Vector sum = chains[0];
  for (int c = 1; c < kChains; ++c) sum += chains[c];
  return sum[0];
}

struct Variant {
  Kernel kernel;
  int lanes;
  const char* instructions;
};

float portable(std::int64_t iterations) { return multiply_add<16>(iterations); }

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] float avx2(std::int64_t iterations) { return multiply_add<32>(iterations); }
[[gnu::target("avx512f,prefer-vector-width=512")]] float avx512(std::int64_t iterations) {
  return multiply_add<64>(iterations);
}

Variant widest() {
  if (__builtin_cpu_supports("avx512f")) return {avx512, 16, "AVX-512"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {avx2, 8, "AVX2"};
  return {portable, 4, "SSE2, no fused multiply-add"};
}
#else
Variant widest() { return {portable, 4, "128-bit vectors"}; }
#endif

constexpr std::int64_t kBlock = 200000;

}  // namespace

FmaPeak measure_fma_peak(int threads, double seconds) {
  const Variant variant = widest();
  constexpr int kParts = 10;
  const double flops_of_block = 2.0 * kChains * variant.lanes * static_cast<double>(kBlock);
  double best = 0;
  for (int part = 0; part < kParts; ++part) {
    std::vector<double> rates(static_cast<std::size_t>(threads));
    std::barrier together(threads);
    std::vector<std::thread> workers;
    for (int w = 0; w < threads; ++w) {
      workers.emplace_back([&, w] {
        volatile float sink = 0;
        together.arrive_and_wait();
        Stopwatch watch;
        std::int64_t blocks = 0;
        do {
          sink = variant.kernel(kBlock);
          ++blocks;
        } while (watch.seconds() < seconds / kParts);
        static_cast<void>(sink);
        rates[static_cast<std::size_t>(w)] = static_cast<double>(blocks) * flops_of_block / watch.seconds();
      });
    }
    for (std::thread& worker : workers) worker.join();
    double total = 0;
    for (const double rate : rates) total += rate;
    best = std::max(best, total);
  }
  return {best / 1e9, variant.instructions};
}

}  // namespace nextframe::app
