// c (+)= a b for matrices that stay in the caches, with b packed in panels of two vectors' width. Included once for each
// instruction set.

#if defined(NEXTFRAME_CORE_BACKEND_CPU_SMALL_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NEXTFRAME_CORE_BACKEND_CPU_SMALL_GEMM_INL_H_
#undef NEXTFRAME_CORE_BACKEND_CPU_SMALL_GEMM_INL_H_
#else
#define NEXTFRAME_CORE_BACKEND_CPU_SMALL_GEMM_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "core/backend/specs.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Rows of c that are summed in registers at once, two vectors each: as many as leave room for b and a.
#if HWY_TARGET <= HWY_AVX3
constexpr int kGemmRows = 14;
#elif HWY_ARCH_ARM_A64
constexpr int kGemmRows = 12;
#else
constexpr int kGemmRows = 6;
#endif

/// Columns of a panel of b.
HWY_INLINE std::int64_t gemm_columns() { return 2 * static_cast<std::int64_t>(hn::Lanes(hn::ScalableTag<float>())); }

/// a's element (row, k) lies at data[row * row_step + k * depth_step].
struct GemmLeft {
  const float* data;
  std::int64_t row_step, depth_step;
};

/// b's row k and c's row lie at data[k * row_step].
struct GemmRight {
  const float* data;
  std::int64_t row_step;
};
struct GemmResult {
  float* data;
  std::int64_t row_step;
};

/// Sums start from zero, and what was in c is added at the end: over many calls the rounding of such sums of sums grows
/// less than that of one long sum.
template <int kRows, Write kWrite>
HWY_INLINE void gemm_block(const GemmLeft& left, const GemmRight& right, std::int64_t depth, const GemmResult& result) {
  const hn::ScalableTag<float> d;
  using V = hn::Vec<decltype(d)>;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  V low[kRows], high[kRows];
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) low[r] = high[r] = hn::Zero(d);
  const float* HWY_RESTRICT a = left.data;
  const float* HWY_RESTRICT b = right.data;
  for (std::int64_t k = 0; k < depth; ++k, a += left.depth_step, b += right.row_step) {
    const V b_low = hn::LoadU(d, b), b_high = hn::LoadU(d, b + lanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
      const V factor = hn::Set(d, a[r * left.row_step]);
      low[r] = hn::MulAdd(factor, b_low, low[r]);
      high[r] = hn::MulAdd(factor, b_high, high[r]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
    float* const c = result.data + r * result.row_step;
    if constexpr (kWrite == Write::kAccumulate) {
      low[r] = hn::Add(low[r], hn::LoadU(d, c));
      high[r] = hn::Add(high[r], hn::LoadU(d, c + lanes));
    }
    hn::StoreU(low[r], d, c);
    hn::StoreU(high[r], d, c + lanes);
  }
}

/// One panel: c[rows, gemm_columns()] (+)= a[rows, depth] b[depth, gemm_columns()].
template <Write kWrite>
HWY_INLINE void gemm_panel(GemmLeft left, std::int64_t rows, const GemmRight& right, std::int64_t depth,
                           GemmResult result) {
  const auto advance = [&](int done) {
    left.data += done * left.row_step;
    result.data += done * result.row_step;
    rows -= done;
  };
  for (; rows >= kGemmRows; advance(kGemmRows)) gemm_block<kGemmRows, kWrite>(left, right, depth, result);
  if (kGemmRows > 8 && rows >= 8) {
    gemm_block<8, kWrite>(left, right, depth, result);
    advance(8);
  }
  if (rows >= 4) {
    gemm_block<4, kWrite>(left, right, depth, result);
    advance(4);
  }
  if (rows >= 2) {
    gemm_block<2, kWrite>(left, right, depth, result);
    advance(2);
  }
  if (rows >= 1) gemm_block<1, kWrite>(left, right, depth, result);
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
