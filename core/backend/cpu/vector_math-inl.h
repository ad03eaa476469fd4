// Vector sigmoid and tanh. Included once for each instruction set by the kernels' foreach_target, hence the toggled
// guard.

#if defined(NEXTFRAME_CORE_BACKEND_CPU_VECTOR_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NEXTFRAME_CORE_BACKEND_CPU_VECTOR_MATH_INL_H_
#undef NEXTFRAME_CORE_BACKEND_CPU_VECTOR_MATH_INL_H_
#else
#define NEXTFRAME_CORE_BACKEND_CPU_VECTOR_MATH_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// 1 / x within 2e-7 relative, for finite x.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V reciprocal(D d, V x) {
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86
  // A division takes as long as eight multiplications; the estimate's 14 bits become 28 by a step of Newton's.
  const V estimate = hn::ApproximateReciprocal(x);
  return hn::Mul(estimate, hn::NegMulAdd(x, estimate, hn::Set(d, 2.0f)));
#else
  return hn::Div(hn::Set(d, 1.0f), x);
#endif
}

/// e^x within 3e-7 relative. x = k ln 2 + r with |r| <= ln(2)/2, then the polynomial of degree 5 in r with the least relative
/// error (8e-8), then 2^k through the exponent bits. x is held within +-87, where 2^k stays a normal number. A NaN stays a
/// NaN: on x86 Min and Max return their second operand when one is NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V fast_exp(D d, V x) {
  const hn::RebindToSigned<D> di;
  x = hn::Min(hn::Set(d, 87.0f), hn::Max(hn::Set(d, -87.0f), x));
  // Beside 1.5 * 2^23 a float has no place for fractions: its lowest bits are the rounded number.
  const V large = hn::Set(d, 12582912.0f);
  const V shifted = hn::MulAdd(x, hn::Set(d, 1.44269504f), large);
  const V k = hn::Sub(shifted, large);
  V r = hn::NegMulAdd(k, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(k, hn::Set(d, -2.12194440e-4f), r);
  V p = hn::Set(d, 0.00829761949f);
  p = hn::MulAdd(p, r, hn::Set(d, 0.0419156299f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.166675765f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.499988927f));
  p = hn::MulAdd(p, r, hn::Set(d, 0.999999691f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.00000007f));
  const auto exponent = hn::ShiftLeft<23>(hn::Add(hn::BitCast(di, shifted), hn::Set(di, 127)));
  return hn::Mul(p, hn::BitCast(d, exponent));
}

/// 1 / (1 + e^-x)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V fast_sigmoid(D d, V x) {
  return reciprocal(d, hn::Add(hn::Set(d, 1.0f), fast_exp(d, hn::Neg(x))));
}

/// tanh within 5e-7 relative: x P(x^2) / Q(x^2) with the coefficients of least relative error (2e-8) for |x| <= 9, beyond
/// which it is 1 in float.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V fast_tanh(D d, V x) {
  x = hn::Min(hn::Set(d, 9.0f), hn::Max(hn::Set(d, -9.0f), x));
  const V square = hn::Mul(x, x);
  V p = hn::Set(d, 1.33369542e-08f);
  p = hn::MulAdd(p, square, hn::Set(d, 2.05963584e-05f));
  p = hn::MulAdd(p, square, hn::Set(d, 0.00349481653f));
  p = hn::MulAdd(p, square, hn::Set(d, 0.133803763f));
  p = hn::MulAdd(p, square, hn::Set(d, 0.999999979f));
  V q = hn::Set(d, 7.76932878e-07f);
  q = hn::MulAdd(q, square, hn::Set(d, 0.000328437195f));
  q = hn::MulAdd(q, square, hn::Set(d, 0.025874048f));
  q = hn::MulAdd(q, square, hn::Set(d, 0.467136918f));
  q = hn::MulAdd(q, square, hn::Set(d, 1.0f));
  const V y = hn::Mul(hn::Mul(x, p), reciprocal(d, q));
  return hn::Min(hn::Set(d, 1.0f), hn::Max(hn::Set(d, -1.0f), y));
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
