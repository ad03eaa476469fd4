// Pixel losses over [T,N,H,W,C], e = prediction - target, v = weight scale lead_weights[t] mask[t,n,h,w] q(target), q the
// factor by the target:
//   sum += v l(e)   dprediction = v l'(e) (+ dprediction)
// Values with v = 0 are not looked at: there they may be NaN. Sums leave float after few values.

#include <algorithm>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/loss.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

#ifndef NEXTFRAME_CORE_BACKEND_CPU_LOSS_ARGUMENTS
#define NEXTFRAME_CORE_BACKEND_CPU_LOSS_ARGUMENTS
namespace nextframe::cpu {

/// One run of values of one lead time.
struct LossRun {
  PixelLoss kind;
  float delta;
  float factor;  ///< weight scale lead_weights[t]
  const float* prediction;
  const float* target;
  const float* mask;   ///< one a pixel, or null
  float* dprediction;  ///< or null
  std::int64_t pixels;
  std::int64_t channels;
  bool accumulate;
  const float* thresholds;  ///< of the target, increasing
  const float* factors;     ///< one more than thresholds
  std::int64_t threshold_count;
};

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

template <class V>
struct LossValue {
  V loss, derivative;
};

template <class D, class V = hn::Vec<D>>
HWY_INLINE LossValue<V> pixel_loss(D d, PixelLoss kind, float delta_value, V prediction, V target) {
  const V e = hn::Sub(prediction, target);
  switch (kind) {
    case PixelLoss::kSquared:
      return {hn::Mul(e, e), hn::Add(e, e)};
    case PixelLoss::kAbsolute: {
      // A NaN equals nothing, so it stays in the derivative.
      const V sign = hn::CopySign(hn::Set(d, 1.0f), e);
      return {hn::Abs(e), hn::IfThenElse(hn::Gt(hn::Abs(e), hn::Zero(d)), sign, e)};
    }
    case PixelLoss::kHuber: {
      const V delta = hn::Set(d, delta_value);
      const auto far = hn::Gt(hn::Abs(e), delta);
      const V half = hn::Set(d, 0.5f);
      return {hn::IfThenElse(far, hn::Mul(delta, hn::NegMulAdd(half, delta, hn::Abs(e))), hn::Mul(half, hn::Mul(e, e))),
              hn::IfThenElse(far, hn::CopySign(delta, e), e)};
    }
    case PixelLoss::kCrossEntropy: {
      // 1 - p is formed before the clamp: near 1 the clamp's 1e-7 is lost in a float, 1 - p is not. Max returns its
      // second operand for a NaN.
      const V tiny = hn::Set(d, 1e-7f);
      const V one = hn::Set(d, 1.0f);
      const V p = hn::Max(tiny, hn::Min(one, prediction));
      const V q = hn::Max(tiny, hn::Sub(one, p));
      const V log_p = hn::Log(d, p);
      const V log_q = hn::Log(d, q);
      const V loss = hn::Neg(hn::MulAdd(target, log_p, hn::Mul(hn::Sub(one, target), log_q)));
      return {hn::IfThenElse(hn::Eq(prediction, prediction), loss, prediction),
              hn::Div(hn::Sub(p, target), hn::Mul(p, q))};
    }
  }
  return {e, e};
}

/// The factor on the loss of pixels that observed `target`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V factor_at(D d, const LossRun& a, V target) {
  V factor = hn::Set(d, a.factors[0]);
  for (std::int64_t i = 0; i < a.threshold_count; ++i) {
    factor = hn::IfThenElse(hn::Ge(target, hn::Set(d, a.thresholds[i])), hn::Set(d, a.factors[i + 1]), factor);
  }
  return factor;
}

/// One vector of values at `k` with their weights: writes the derivative, returns the weighted loss.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V weighted_loss(D d, const LossRun& a, std::int64_t k, V weight) {
  const auto counts = hn::Ne(weight, hn::Zero(d));
  const V target = hn::LoadU(d, a.target + k);
  const auto value = pixel_loss(d, a.kind, a.delta, hn::LoadU(d, a.prediction + k), target);
  if (a.threshold_count > 0) weight = hn::Mul(weight, factor_at(d, a, target));
  if (a.dprediction != nullptr) {
    V derivative = hn::IfThenElseZero(counts, hn::Mul(weight, value.derivative));
    if (a.accumulate) derivative = hn::Add(derivative, hn::LoadU(d, a.dprediction + k));
    hn::StoreU(derivative, d, a.dprediction + k);
  }
  return hn::IfThenElseZero(counts, hn::Mul(weight, value.loss));
}

/// Adds the losses of pixels first .. last-1. Without a mask all values of a run weigh alike; with one channel the mask
/// lies beside them; otherwise each pixel's mask serves its channels.
double loss_range(const LossRun& a, std::int64_t first, std::int64_t last) {
  double total = 0.0;
  const auto add = [&total](auto d, auto loss)
                       HWY_ATTR { total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, loss))); };
  if (a.mask == nullptr || a.channels == 1) {
    const std::int64_t start = first * a.channels;
    each_lane((last - first) * a.channels, [&](auto d, std::int64_t offset) HWY_ATTR {
      const std::int64_t k = start + offset;
      auto weight = hn::Set(d, a.factor);
      if (a.mask != nullptr) weight = hn::Mul(weight, hn::LoadU(d, a.mask + k));
      add(d, weighted_loss(d, a, k, weight));
    });
    return total;
  }
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    each_lane(a.channels, [&](auto d, std::int64_t channel) HWY_ATTR {
      const auto weight = hn::Set(d, a.factor * a.mask[pixel]);
      add(d, weighted_loss(d, a, pixel * a.channels + channel, weight));
    });
  }
  return total;
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(loss_range);

void CpuBackend::do_pixel_loss(const PixelLossSpec& spec, const Tensor& prediction, const Tensor& target,
                               const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                               const Tensor& dprediction, Write write) {
  const std::int64_t leads = prediction.dimension(0);
  if (prediction.elements() == 0 || threads_.idle()) return;
  LossRun run{};
  run.kind = spec.kind;
  run.delta = static_cast<float>(spec.delta);
  run.channels = prediction.dimension(-1);
  run.pixels = prediction.elements() / leads / run.channels;
  run.accumulate = write == Write::kAccumulate;
  const std::vector<float> thresholds(spec.target_weights.thresholds.begin(), spec.target_weights.thresholds.end());
  const std::vector<float> factors(spec.target_weights.weights.begin(), spec.target_weights.weights.end());
  run.thresholds = thresholds.data();
  run.factors = factors.data();
  run.threshold_count = static_cast<std::int64_t>(thresholds.size());
  const auto kernel = HWY_DYNAMIC_DISPATCH(loss_range);
  double& total = sum.data<double>()[0];
  for (std::int64_t t = 0; t < leads; ++t) {
    const std::int64_t offset = t * run.pixels * run.channels;
    const double lead = lead_weights ? static_cast<double>(lead_weights.data<float>()[t]) : 1.0;
    run.factor = static_cast<float>(spec.weight * spec.scale * lead);
    run.prediction = prediction.data<float>() + offset;
    run.target = target.data<float>() + offset;
    run.mask = mask ? mask.data<float>() + t * run.pixels : nullptr;
    run.dprediction = dprediction ? dprediction.data<float>() + offset : nullptr;
    // Each thread sums its own piece; the pieces are added in their order.
    std::vector<double> partial(static_cast<std::size_t>(threads_), 0.0);
    parallel_for(threads_, threads_, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t piece = first; piece < last; ++piece) {
        partial[static_cast<std::size_t>(piece)] =
            kernel(run, run.pixels * piece / threads_, run.pixels * (piece + 1) / threads_);
      }
    });
    for (const double part : partial) total += part;
  }
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
