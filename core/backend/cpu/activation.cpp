#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/activation.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

#ifndef NEXTFRAME_CORE_BACKEND_CPU_ACTIVATION_ARGUMENTS
#define NEXTFRAME_CORE_BACKEND_CPU_ACTIVATION_ARGUMENTS
namespace nextframe::cpu {

struct ActivationForward {
  DType dtype;
  Activation kind;
  float slope;
  const void* x;
  void* y;
};

struct ActivationBackward {
  DType dtype;
  Activation kind;
  float slope;
  const void* y;
  const void* dy;
  void* dx;
};

struct Finish {
  DType x_dtype;
  DType y_dtype;
  Activation kind;
  float slope;
  const void* x;
  const float* bias;  ///< or null
  void* y;
  std::int64_t channels;
  bool accumulate;
};

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// y = activation(x), elements first .. last-1, y may be x.
void activate_range(const ActivationForward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    using T = decltype(type);
    const T* x = static_cast<const T*>(a.x) + first;
    T* y = static_cast<T*>(a.y) + first;
    each_lane(last - first, [=, &a](auto d, std::int64_t k)
                                HWY_ATTR { store(activated(d, a.kind, a.slope, load(d, x + k)), d, y + k); });
  });
}

/// dx = dy o activation'(x), from the output y alone; dx may be dy.
void activate_backward_range(const ActivationBackward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR {
    using T = decltype(type);
    const T* y = static_cast<const T*>(a.y) + first;
    const T* dy = static_cast<const T*>(a.dy) + first;
    T* dx = static_cast<T*>(a.dx) + first;
    each_lane(last - first, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto slope_here = derivative(d, a.kind, a.slope, load(d, y + k));
      store(hn::Mul(load(d, dy + k), slope_here), d, dx + k);
    });
  });
}

/// y = activation(x + bias) (+ y) over pixels of [pixels, channels]; bias may be null, y may be x.
template <class From, class To>
HWY_INLINE void finish_pixels(const Finish& a, std::int64_t first, std::int64_t last) {
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const From* from = static_cast<const From*>(a.x) + pixel * a.channels;
    To* to = static_cast<To*>(a.y) + pixel * a.channels;
    each_lane(a.channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      auto value = load(d, from + k);
      if (a.bias != nullptr) value = hn::Add(value, hn::LoadU(d, a.bias + k));
      value = activated(d, a.kind, a.slope, value);
      store(a.accumulate ? hn::Add(value, load(d, to + k)) : value, d, to + k);
    });
  }
}

void finish_range(const Finish& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.x_dtype, [&](auto x_type) HWY_ATTR {
    with_stored_type(a.y_dtype,
                     [&](auto y_type) HWY_ATTR { finish_pixels<decltype(x_type), decltype(y_type)>(a, first, last); });
  });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(activate_range);
HWY_EXPORT(activate_backward_range);
HWY_EXPORT(finish_range);

void CpuBackend::do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) {
  const ActivationForward arguments{x.dtype(), spec.kind, static_cast<float>(spec.slope), x.raw(), y.raw()};
  const auto kernel = HWY_DYNAMIC_DISPATCH(activate_range);
  parallel_for(threads_, y.elements(), kGrain,
               [=](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

void CpuBackend::do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy, const Tensor& dx) {
  const ActivationBackward arguments{y.dtype(), spec.kind, static_cast<float>(spec.slope), y.raw(), dy.raw(), dx.raw()};
  const auto kernel = HWY_DYNAMIC_DISPATCH(activate_backward_range);
  parallel_for(threads_, dx.elements(), kGrain,
               [=](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

void CpuBackend::finish(const ActivationSpec& activation, const Tensor& x, const Tensor& bias, const Tensor& y,
                        Write write) {
  const std::int64_t channels = y.dimension(-1);
  const Finish arguments{x.dtype(),
                         y.dtype(),
                         activation.kind,
                         static_cast<float>(activation.slope),
                         x.raw(),
                         bias ? bias.data<float>() : nullptr,
                         y.raw(),
                         channels,
                         write == Write::kAccumulate};
  const auto kernel = HWY_DYNAMIC_DISPATCH(finish_range);
  parallel_for(threads_, y.elements() / channels, kGrain / channels + 1,
               [=](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
