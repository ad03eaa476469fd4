// Optimizer rules over flat buffers; equations and sources at OptimizerSpec. Norms are summed in double.

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/optimizer.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

#ifndef NEXTFRAME_CORE_BACKEND_CPU_OPTIMIZER_ARGUMENTS
#define NEXTFRAME_CORE_BACKEND_CPU_OPTIMIZER_ARGUMENTS
namespace nextframe::cpu {

/// One step with every factor that is the same for all parameters worked out.
struct UpdateStep {
  OptimizerRule rule;
  float clip_factor;
  float clip_value;      ///< 0: off
  float decay_gradient;  ///< times the value, added to the gradient
  float keep_value;      ///< 1 - lr weight_decay for AdamW, else 1
  float keep_first, take_first;
  float keep_second, take_second;
  float second_scale;  ///< 1 / (1 - beta2^t), or 1
  float step_size;
  float epsilon;
  const float* gradient;
  float* value;
  float* first;   ///< or null
  float* second;  ///< or null
};

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// The clipped gradient at `k`, plus decay.
template <class D>
HWY_INLINE hn::Vec<D> gradient_at(D d, const UpdateStep& a, std::int64_t k, hn::Vec<D> value) {
  auto g = hn::Mul(hn::LoadU(d, a.gradient + k), hn::Set(d, a.clip_factor));
  if (a.clip_value > 0.0f) g = hn::Min(hn::Set(d, a.clip_value), hn::Max(hn::Set(d, -a.clip_value), g));
  return hn::MulAdd(hn::Set(d, a.decay_gradient), value, g);
}

/// second = keep second + take g^2; returns sqrt(second scale) + epsilon.
template <class D>
HWY_INLINE hn::Vec<D> update_second(D d, const UpdateStep& a, std::int64_t k, hn::Vec<D> g) {
  const auto taken = hn::Mul(hn::Set(d, a.take_second), hn::Mul(g, g));
  const auto second = hn::MulAdd(hn::Set(d, a.keep_second), hn::LoadU(d, a.second + k), taken);
  hn::StoreU(second, d, a.second + k);
  return hn::Add(hn::Sqrt(hn::Mul(second, hn::Set(d, a.second_scale))), hn::Set(d, a.epsilon));
}

/// first = keep first + take u, where keep 0 does not read what was there.
template <class D>
HWY_INLINE hn::Vec<D> update_first(D d, const UpdateStep& a, std::int64_t k, hn::Vec<D> u) {
  auto first = hn::Mul(hn::Set(d, a.take_first), u);
  if (a.keep_first != 0.0f) first = hn::MulAdd(hn::Set(d, a.keep_first), hn::LoadU(d, a.first + k), first);
  hn::StoreU(first, d, a.first + k);
  return first;
}

void update_range(const UpdateStep& a, std::int64_t begin, std::int64_t end) {
  each_lane(end - begin, [&](auto d, std::int64_t offset) HWY_ATTR {
    const std::int64_t k = begin + offset;
    auto value = hn::LoadU(d, a.value + k);
    auto update = gradient_at(d, a, k, value);
    switch (a.rule) {
      case OptimizerRule::kAdam:
      case OptimizerRule::kAdamW: {
        const auto deviation = update_second(d, a, k, update);
        update = hn::Div(update_first(d, a, k, update), deviation);
        break;
      }
      case OptimizerRule::kRmsProp:
        update = hn::Div(update, update_second(d, a, k, update));
        if (a.first != nullptr) update = update_first(d, a, k, update);
        break;
      case OptimizerRule::kSgd:
        if (a.first != nullptr) update = update_first(d, a, k, update);
        break;
    }
    value = hn::Mul(value, hn::Set(d, a.keep_value));
    hn::StoreU(hn::NegMulAdd(hn::Set(d, a.step_size), update, value), d, a.value + k);
  });
}

/// average = decay average + (1 - decay) value
void average_range(float decay, float take, const float* value, float* average, std::int64_t count) {
  each_lane(count, [=](auto d, std::int64_t k) HWY_ATTR {
    const auto taken = hn::Mul(hn::Set(d, take), hn::LoadU(d, value + k));
    hn::StoreU(hn::MulAdd(hn::Set(d, decay), hn::LoadU(d, average + k), taken), d, average + k);
  });
}

double squares_range(const float* x, std::int64_t count) {
  const hn::ScalableTag<double> dd;
  const hn::Rebind<float, decltype(dd)> df;
  const auto step = static_cast<std::int64_t>(hn::Lanes(dd));
  auto even = hn::Zero(dd);
  auto odd = hn::Zero(dd);
  std::int64_t k = 0;
  for (; k + 2 * step <= count; k += 2 * step) {
    const auto a = hn::PromoteTo(dd, hn::LoadU(df, x + k));
    const auto b = hn::PromoteTo(dd, hn::LoadU(df, x + k + step));
    even = hn::MulAdd(a, a, even);
    odd = hn::MulAdd(b, b, odd);
  }
  double total = hn::GetLane(hn::SumOfLanes(dd, hn::Add(even, odd)));
  for (; k < count; ++k) total += static_cast<double>(x[k]) * static_cast<double>(x[k]);
  return total;
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(update_range);
HWY_EXPORT(average_range);
HWY_EXPORT(squares_range);

namespace {

/// The rule's factors, worked out in double.
UpdateStep factors_of(const OptimizerSpec& spec) {
  UpdateStep step{};
  step.rule = spec.rule;
  step.clip_value = static_cast<float>(spec.clip_value);
  step.decay_gradient = static_cast<float>(spec.rule == OptimizerRule::kAdamW ? 0.0 : spec.weight_decay);
  step.keep_value = static_cast<float>(spec.rule == OptimizerRule::kAdamW ? 1.0 - spec.lr * spec.weight_decay : 1.0);
  step.second_scale = 1.0f;
  step.step_size = static_cast<float>(spec.lr);
  step.epsilon = static_cast<float>(spec.epsilon);
  const auto t = static_cast<double>(spec.step);
  switch (spec.rule) {
    case OptimizerRule::kAdam:
    case OptimizerRule::kAdamW:
      step.keep_first = static_cast<float>(spec.beta1);
      step.take_first = static_cast<float>(1.0 - spec.beta1);
      step.keep_second = static_cast<float>(spec.beta2);
      step.take_second = static_cast<float>(1.0 - spec.beta2);
      step.second_scale = static_cast<float>(1.0 / (1.0 - std::pow(spec.beta2, t)));
      step.step_size = static_cast<float>(spec.lr / (1.0 - std::pow(spec.beta1, t)));
      break;
    case OptimizerRule::kRmsProp:
      step.keep_first = static_cast<float>(spec.momentum);
      step.take_first = 1.0f;
      step.keep_second = static_cast<float>(spec.alpha);
      step.take_second = static_cast<float>(1.0 - spec.alpha);
      break;
    case OptimizerRule::kSgd:
      step.keep_first = spec.step == 1 ? 0.0f : static_cast<float>(spec.momentum);
      step.take_first = 1.0f;
      break;
  }
  return step;
}

}  // namespace

void CpuBackend::do_euclidean_norm(const Tensor& x, const Tensor& norm) {
  if (threads_.idle()) return;
  const float* from = x.data<float>();
  const std::int64_t count = x.elements();
  const auto kernel = HWY_DYNAMIC_DISPATCH(squares_range);
  std::vector<double> partial(static_cast<std::size_t>(threads_), 0.0);
  parallel_for(threads_, threads_, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      const std::int64_t begin = count * piece / threads_;
      partial[static_cast<std::size_t>(piece)] = kernel(from + begin, count * (piece + 1) / threads_ - begin);
    }
  });
  double squares = 0.0;
  for (const double part : partial) squares += part;
  norm.data<double>()[0] = std::sqrt(squares);
}

void CpuBackend::do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm,
                                   const Tensor& value, const Tensor& first, const Tensor& second) {
  if (threads_.idle()) return;
  UpdateStep step = factors_of(spec);
  step.clip_factor =
      spec.clip_norm > 0.0 ? static_cast<float>(std::min(1.0, spec.clip_norm / norm.data<double>()[0])) : 1.0f;
  step.gradient = gradient.data<float>();
  step.value = value.data<float>();
  const bool momentum = spec.momentum != 0.0 || spec.rule == OptimizerRule::kAdam || spec.rule == OptimizerRule::kAdamW;
  step.first = first && momentum ? first.data<float>() : nullptr;
  step.second = second ? second.data<float>() : nullptr;
  const auto kernel = HWY_DYNAMIC_DISPATCH(update_range);
  parallel_for(threads_, value.elements(), kGrain,
               [&](std::int64_t begin, std::int64_t end) { kernel(step, begin, end); });
}

void CpuBackend::do_moving_average(double decay, const Tensor& value, const Tensor& average) {
  const float* from = value.data<float>();
  float* to = average.data<float>();
  const auto kernel = HWY_DYNAMIC_DISPATCH(average_range);
  parallel_for(threads_, value.elements(), kGrain, [=](std::int64_t first, std::int64_t last) {
    kernel(static_cast<float>(decay), static_cast<float>(1.0 - decay), from + first, to + first, last - first);
  });
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
