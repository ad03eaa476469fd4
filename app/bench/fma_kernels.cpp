#include "app/bench/fma_kernels.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

// Compiled with -ffp-contract=fast (see CMakeLists.txt), so that a * b + c becomes one instruction where the target has
// it.
namespace nextframe::app {
namespace {

/// Enough chains to hide the latency: 4 to 6 cycles times 2 units; more registers than that would spill under AVX2.
constexpr int kChains = 12;

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

/// Of one iteration over vectors of `lanes` sums, `products` multiply-adds into each.
constexpr double flops_of(int lanes, int products = 1) { return 2.0 * kChains * lanes * products; }

float portable(std::int64_t iterations) { return multiply_add<16>(iterations); }

#if defined(__x86_64__)

[[gnu::target("avx2,fma")]] float avx2(std::int64_t iterations) { return multiply_add<32>(iterations); }
[[gnu::target("avx512f")]] float avx512(std::int64_t iterations) { return multiply_add<64>(iterations); }

/// A pair of ones in bf16: 0x3F80 is the upper half of 1.0F.
constexpr int kBf16Ones = 0x3F803F80;

[[gnu::target("avx512f,avx512bf16")]] float avx512_bf16(std::int64_t iterations) {
  volatile int source = kBf16Ones;
  const __m512bh ones = (__m512bh)_mm512_set1_epi32(source);
  __m512 chains[kChains];
  for (int c = 0; c < kChains; ++c) chains[c] = _mm512_set1_ps(static_cast<float>(c));
  for (std::int64_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 12
    for (int c = 0; c < kChains; ++c) chains[c] = _mm512_dpbf16_ps(chains[c], ones, ones);
  }
  __m512 sum = chains[0];
  for (int c = 1; c < kChains; ++c) sum = _mm512_add_ps(sum, chains[c]);
  return _mm512_cvtss_f32(sum);
}

#if defined(__linux__)

constexpr int kTileRows = 16, kTileRowBytes = 64;

/// Layout that LDTILECFG reads (Intel, Software Developer's Manual, volume 1, chapter 18).
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

/// Four sums of tiles from two rows and two columns of tiles: what a blocked matrix product keeps in registers.
[[gnu::target("amx-tile,amx-bf16")]] float amx_bf16(std::int64_t iterations) {
  TileShapes shapes;
  for (int tile = 0; tile < 8; ++tile) {
    shapes.row_bytes[tile] = kTileRowBytes;
    shapes.rows[tile] = kTileRows;
  }
  _tile_loadconfig(&shapes);
  alignas(64) std::int32_t ones[kTileRows * kTileRowBytes / 4];
  for (std::int32_t& pair : ones) pair = kBf16Ones;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  _tile_loadd(4, ones, kTileRowBytes);
  _tile_loadd(5, ones, kTileRowBytes);
  _tile_loadd(6, ones, kTileRowBytes);
  _tile_loadd(7, ones, kTileRowBytes);
  for (std::int64_t i = 0; i < iterations; ++i) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  alignas(64) float sums[kTileRows * kTileRowBytes / 4];
  _tile_stored(0, sums, kTileRowBytes);
  _tile_release();
  return sums[0];
}

/// Four products of 16x32 with 32x16 numbers.
constexpr double kAmxFlops = 4.0 * 2 * 16 * 32 * 16;

/// Linux hands out tiles on request only, to the whole process.
bool may_use_tiles() {
  unsigned int a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  const bool bf16_tiles = (d >> 22 & 1U) != 0 && (d >> 24 & 1U) != 0;
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return bf16_tiles && syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

#endif

FmaKernel widest_float32() {
  if (__builtin_cpu_supports("avx512f")) return {avx512, flops_of(16), "AVX-512"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {avx2, flops_of(8), "AVX2"};
  return {portable, flops_of(4), "SSE2, no fused multiply-add"};
}

#else

FmaKernel widest_float32() { return {portable, flops_of(4), "128-bit vectors"}; }

#endif

}  // namespace

FmaKernel widest_fma_kernel(NumberFormat format) {
  if (format == NumberFormat::kFloat32) return widest_float32();
#if defined(__x86_64__)
#if defined(__linux__)
  if (may_use_tiles()) return {amx_bf16, kAmxFlops, "AMX BF16"};
#endif
  if (__builtin_cpu_supports("avx512bf16")) return {avx512_bf16, flops_of(16, 2), "AVX-512 BF16"};
#endif
  return widest_float32();
}

}  // namespace nextframe::app
