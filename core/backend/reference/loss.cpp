// e = prediction - target over [T,N,H,W,C], v = weight scale lead_weights[t] mask[t,n,h,w] q(target), q the factor by the
// target:
//   sum += v l(e)     dprediction = v l'(e) (+ dprediction)
// A value with v = 0 is not looked at: it may be NaN.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

struct LossValue {
  double loss = 0.0;
  double derivative = 0.0;
};

LossValue pixel(const PixelLossSpec& spec, double prediction, double target) {
  const double e = prediction - target;
  const double sign = e > 0.0 ? 1.0 : e < 0.0 ? -1.0 : 0.0;
  switch (spec.kind) {
    case PixelLoss::kSquared:
      return {e * e, 2.0 * e};
    case PixelLoss::kAbsolute:
      return {std::abs(e), e == e ? sign : e};
    case PixelLoss::kHuber:
      if (!(std::abs(e) > spec.delta)) return {0.5 * e * e, e};
      return {spec.delta * (std::abs(e) - 0.5 * spec.delta), spec.delta * sign};
    case PixelLoss::kCrossEntropy: {
      const double p = std::clamp(prediction, 1e-7, 1.0 - 1e-7);
      return {-(target * std::log(p) + (1.0 - target) * std::log(1.0 - p)), (p - target) / (p * (1.0 - p))};
    }
  }
  return {};
}

double factor_at(const TargetWeights& by_target, double target) {
  if (by_target.thresholds.empty()) return 1.0;
  std::size_t reached = 0;
  for (const double threshold : by_target.thresholds) reached += threshold <= target ? 1 : 0;
  return by_target.weights[reached];
}

}  // namespace

void ReferenceBackend::do_pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target,
                                     const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                                     const Tensor& dprediction, Write write) {
  const std::int64_t channels = prediction.dimension(-1);
  const std::int64_t lead_elements = prediction.elements() / prediction.dimension(0);
  reference::dispatch(prediction.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* valid = reference::data_or_null<T>(mask);
    const T* leads = reference::data_or_null<T>(lead_weights);
    T* gradient = reference::data_or_null<T>(dprediction);
    double total = 0.0;
    for (std::int64_t k = 0; k < prediction.elements(); ++k) {
      double v = spec.weight * spec.scale;
      if (leads) v *= leads[k / lead_elements];
      if (valid) v *= valid[k / channels];
      LossValue value;
      if (v != 0.0) {
        value = pixel(spec, prediction.data<T>()[k], target.data<T>()[k]);
        v *= factor_at(spec.target_weights, target.data<T>()[k]);
      }
      total += v * value.loss;
      if (gradient) reference::store(gradient[k], v * value.derivative, write);
    }
    sum.data<double>()[0] += total;
  });
}

}  // namespace nextframe
