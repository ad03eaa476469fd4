#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/activation.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// y = activation(x), `count` elements, y may be x.
void activate_range(Activation kind, float slope, const float* x, float* y, std::int64_t count) {
  each_lane(count, [=](auto d, std::int64_t k)
                       HWY_ATTR { hn::StoreU(activated(d, kind, slope, hn::LoadU(d, x + k)), d, y + k); });
}

/// dx = dy o activation'(x), from the output y alone; dx may be dy.
void activate_backward_range(Activation kind, float slope, const float* y, const float* dy, float* dx,
                             std::int64_t count) {
  each_lane(count, [=](auto d, std::int64_t k) HWY_ATTR {
    const auto slope_here = derivative(d, kind, slope, hn::LoadU(d, y + k));
    hn::StoreU(hn::Mul(hn::LoadU(d, dy + k), slope_here), d, dx + k);
  });
}

/// y = activation(x + bias) (+ y) over [pixels, channels]; bias may be null, y may be x.
void finish_rows(Activation kind, float slope, const float* x, const float* bias, float* y, std::int64_t pixels,
                 std::int64_t channels, bool accumulate) {
  for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
    const float* from = x + pixel * channels;
    float* to = y + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      auto value = hn::LoadU(d, from + k);
      if (bias != nullptr) value = hn::Add(value, hn::LoadU(d, bias + k));
      value = activated(d, kind, slope, value);
      hn::StoreU(accumulate ? hn::Add(value, hn::LoadU(d, to + k)) : value, d, to + k);
    });
  }
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(activate_range);
HWY_EXPORT(activate_backward_range);
HWY_EXPORT(finish_rows);

void CpuBackend::do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) {
  const float* from = x.data<float>();
  float* to = y.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(activate_range);
  parallel_for(threads_, y.elements(), kGrain, [=, &spec](std::int64_t first, std::int64_t last) {
    kernel(spec.kind, static_cast<float>(spec.slope), from + first, to + first, last - first);
  });
}

void CpuBackend::do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy, const Tensor& dx) {
  const float* output = y.data<float>();
  const float* from = dy.data<float>();
  float* to = dx.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(activate_backward_range);
  parallel_for(threads_, dx.elements(), kGrain, [=, &spec](std::int64_t first, std::int64_t last) {
    kernel(spec.kind, static_cast<float>(spec.slope), output + first, from + first, to + first, last - first);
  });
}

void CpuBackend::finish(const ActivationSpec& activation, const float* x, const float* bias, float* y,
                        std::int64_t pixels, std::int64_t channels, Write write) {
  const auto kernel = HWY_DYNAMIC_DISPATCH(finish_rows);
  parallel_for(threads_, pixels, kGrain / channels + 1, [=, &activation](std::int64_t first, std::int64_t last) {
    kernel(activation.kind, static_cast<float>(activation.slope), x + first * channels, bias, y + first * channels,
           last - first, channels, write == Write::kAccumulate);
  });
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
