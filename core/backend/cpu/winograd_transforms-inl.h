// The one-dimensional transforms of Winograd's short convolutions over eight points 0, 1, -1, 2, -2, 1/2, -1/2 and
// infinity (Winograd 1980; Lavin and Gray 2016; the matrices by the Toom-Cook method). With X, Y polynomials whose product
// has at most eight coefficients, the same three transforms serve every use: eight inputs to points (its transpose is
// what interpolation means for correlations), few taps to points, points to few outputs. Included once for each
// instruction set.

#if defined(NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TRANSFORMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TRANSFORMS_INL_H_
#undef NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TRANSFORMS_INL_H_
#else
#define NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TRANSFORMS_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Eight inputs -> the eight points.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void inputs_to_points(D d, const V* x, V* v) {
  const V k5 = hn::Set(d, 5.25f), k4 = hn::Set(d, 4.25f);
  v[0] = hn::MulAdd(k5, hn::Sub(x[4], x[2]), hn::Sub(x[0], x[6]));
  v[7] = hn::MulAdd(k5, hn::Sub(x[3], x[5]), hn::Sub(x[7], x[1]));
  const V even1 = hn::NegMulAdd(k4, x[4], hn::Add(x[2], x[6]));
  const V odd1 = hn::NegMulAdd(k4, x[3], hn::Add(x[1], x[5]));
  v[1] = hn::Add(even1, odd1);
  v[2] = hn::Sub(even1, odd1);
  const V two_half = hn::Mul(hn::Set(d, 2.5f), x[3]);
  const V even2 = hn::MulAdd(hn::Set(d, 0.25f), x[2], hn::NegMulAdd(hn::Set(d, 1.25f), x[4], x[6]));
  const V odd2 = hn::MulAdd(hn::Set(d, 0.5f), x[1], hn::MulSub(hn::Set(d, 2.0f), x[5], two_half));
  v[3] = hn::Add(even2, odd2);
  v[4] = hn::Sub(even2, odd2);
  const V even3 = hn::MulAdd(hn::Set(d, 4.0f), x[2], hn::NegMulAdd(hn::Set(d, 5.0f), x[4], x[6]));
  const V odd3 = hn::MulAdd(hn::Set(d, 2.0f), x[1], hn::MulSub(hn::Set(d, 0.5f), x[5], two_half));
  v[5] = hn::Add(even3, odd3);
  v[6] = hn::Sub(even3, odd3);
}

/// `kTaps` taps -> the eight points: the polynomial of the taps at each point, divided by what inputs_to_points leaves
/// out.
template <int kTaps, class D, class V = hn::Vec<D>>
HWY_INLINE void taps_to_points(D d, const V* g, V* u) {
  static_assert(kTaps >= 3 && kTaps <= 6);
  u[0] = g[0];
  u[7] = g[kTaps - 1];
  const auto at = [&](float p, float factor, V& plus, V& minus) HWY_ATTR {
    V even = hn::MulAdd(hn::Set(d, p * p), g[2], g[0]);
    V odd = hn::Mul(hn::Set(d, p), g[1]);
    if constexpr (kTaps > 3) odd = hn::MulAdd(hn::Set(d, p * p * p), g[3], odd);
    if constexpr (kTaps > 4) even = hn::MulAdd(hn::Set(d, p * p * p * p), g[4], even);
    if constexpr (kTaps > 5) odd = hn::MulAdd(hn::Set(d, p * p * p * p * p), g[5], odd);
    const V f = hn::Set(d, factor);
    plus = hn::Mul(f, hn::Add(even, odd));
    minus = hn::Mul(f, hn::Sub(even, odd));
  };
  at(1.0f, -2.0f / 9.0f, u[1], u[2]);
  at(2.0f, 1.0f / 90.0f, u[3], u[4]);
  at(0.5f, 32.0f / 45.0f, u[5], u[6]);
}

/// The eight points -> `kOutputs` outputs.
template <int kOutputs, class D, class V = hn::Vec<D>>
HWY_INLINE void points_to_outputs(D d, const V* m, V* y) {
  static_assert(kOutputs >= 3 && kOutputs <= 6);
  const V s1 = hn::Add(m[1], m[2]), t1 = hn::Sub(m[1], m[2]);
  const V s2 = hn::Add(m[3], m[4]), t2 = hn::Sub(m[3], m[4]);
  const V s3 = hn::Add(m[5], m[6]), t3 = hn::Sub(m[5], m[6]);
  const auto row = [&](float p, V one, V two, V half)
                       HWY_ATTR { return hn::MulAdd(hn::Set(d, 1.0f / p), half, hn::MulAdd(hn::Set(d, p), two, one)); };
  y[0] = hn::Add(hn::Add(m[0], s1), hn::Add(s2, s3));
  y[1] = row(2.0f, t1, t2, t3);
  y[2] = row(4.0f, s1, s2, s3);
  if constexpr (kOutputs > 3) y[3] = row(8.0f, t1, t2, t3);
  if constexpr (kOutputs > 4) y[4] = row(16.0f, s1, s2, s3);
  if constexpr (kOutputs > 5) y[5] = row(32.0f, t1, t2, t3);
  y[kOutputs - 1] = hn::Add(y[kOutputs - 1], m[7]);
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
