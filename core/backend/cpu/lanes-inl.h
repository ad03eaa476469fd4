// Loops over channels and elements in vectors, with single lanes for the rest, in float whatever type memory holds.
// Included once for each instruction set.

#if defined(NEXTFRAME_CORE_BACKEND_CPU_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NEXTFRAME_CORE_BACKEND_CPU_LANES_INL_H_
#undef NEXTFRAME_CORE_BACKEND_CPU_LANES_INL_H_
#else
#define NEXTFRAME_CORE_BACKEND_CPU_LANES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstdint>

#include "core/backend/cpu/vector_math-inl.h"
#include "core/backend/specs.h"
#include "core/tensor/dtype.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Calls body(tag, k) for k over 0 .. count-1: whole vectors first, then one element at a time, so that no access
/// leaves the arrays.
template <class Body>
HWY_INLINE void each_lane(std::int64_t count, const Body& body) {
  const hn::ScalableTag<float> whole;
  const auto step = static_cast<std::int64_t>(hn::Lanes(whole));
  std::int64_t k = 0;
  for (; k + step <= count; k += step) body(whole, k);
  const hn::CappedTag<float, 1> single;
  for (; k < count; ++k) body(single, k);
}

/// Calls body(T{}) with T the type that activations of `dtype` are stored in: float or BFloat16.
template <class Body>
HWY_INLINE void with_stored_type(DType dtype, const Body& body) {
  if (dtype == DType::kBFloat16) {
    body(BFloat16{});
  } else {
    body(float{});
  }
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* from) {
  return hn::LoadU(d, from);
}

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const BFloat16* from) {
  const hn::Rebind<std::uint16_t, D> narrow;
  const hn::RebindToUnsigned<D> wide;
  const auto bits = hn::PromoteTo(wide, hn::LoadU(narrow, reinterpret_cast<const std::uint16_t*>(from)));
  return hn::BitCast(d, hn::ShiftLeft<16>(bits));
}

template <class D>
HWY_INLINE void store(hn::Vec<D> value, D d, float* to) {
  hn::StoreU(value, d, to);
}

/// The bits of a float rounded as BFloat16 rounds, in the upper half; what is in the lower half counts for nothing.
template <class D>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D>> bf16_bits(D, hn::Vec<D> value) {
  const hn::RebindToUnsigned<D> wide;
  const auto bits = hn::BitCast(wide, value);
  const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(wide, 1u));
  const auto up = hn::Add(bits, hn::Add(odd, hn::Set(wide, 0x7fffu)));
  const auto quiet = hn::Or(bits, hn::Set(wide, 0x400000u));
  return hn::IfThenElse(hn::RebindMask(wide, hn::Eq(value, value)), up, quiet);
}

template <class D>
HWY_INLINE hn::Vec<D> rounded_to_bf16(D d, hn::Vec<D> value) {
  return hn::BitCast(d, hn::ShiftLeft<16>(hn::ShiftRight<16>(bf16_bits(d, value))));
}

template <class D>
HWY_INLINE void store(hn::Vec<D> value, D d, BFloat16* to) {
  const hn::Rebind<std::uint16_t, D> narrow;
  const hn::RebindToSigned<D> wide_signed;
  // Below 65536, so that the saturation of a signed number does nothing.
  const auto upper = hn::BitCast(wide_signed, hn::ShiftRight<16>(bf16_bits(d, value)));
  hn::StoreU(hn::DemoteTo(narrow, upper), narrow, reinterpret_cast<std::uint16_t*>(to));
}

/// activation(x)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, Activation kind, float slope, V x) {
  switch (kind) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Zero(d), x);
    case Activation::kLeaky:
      return hn::IfThenElse(hn::Gt(x, hn::Zero(d)), x, hn::Mul(x, hn::Set(d, slope)));
    case Activation::kTanh:
      return fast_tanh(d, x);
    case Activation::kSigmoid:
      return fast_sigmoid(d, x);
  }
  return x;
}

/// activation'(x) from y = activation(x). The kink at 0 takes the slope of the negative side, as PyTorch does.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V derivative(D d, Activation kind, float slope, V y) {
  const V one = hn::Set(d, 1.0f);
  switch (kind) {
    case Activation::kNone:
      return one;
    case Activation::kRelu:
      return hn::IfThenElseZero(hn::Gt(y, hn::Zero(d)), one);
    case Activation::kLeaky:
      return hn::IfThenElse(hn::Gt(y, hn::Zero(d)), one, hn::Set(d, slope));
    case Activation::kTanh:
      return hn::NegMulAdd(y, y, one);
    case Activation::kSigmoid:
      return hn::NegMulAdd(y, y, y);
  }
  return one;
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
