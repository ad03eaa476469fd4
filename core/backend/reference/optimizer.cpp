// Update rules over flat buffers; equations and sources at OptimizerSpec.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

/// One parameter with its moments, in double.
struct Element {
  double value, first, second;
};

void adam(const OptimizerSpec& spec, double g, Element& p) {
  p.first = spec.beta1 * p.first + (1.0 - spec.beta1) * g;
  p.second = spec.beta2 * p.second + (1.0 - spec.beta2) * g * g;
  const double step = static_cast<double>(spec.step);
  const double mean = p.first / (1.0 - std::pow(spec.beta1, step));
  const double square = p.second / (1.0 - std::pow(spec.beta2, step));
  p.value -= spec.lr * mean / (std::sqrt(square) + spec.epsilon);
}

void update(const OptimizerSpec& spec, double g, Element& p) {
  switch (spec.rule) {
    case OptimizerRule::kAdam:
      return adam(spec, g + spec.weight_decay * p.value, p);
    case OptimizerRule::kAdamW:
      p.value -= spec.lr * spec.weight_decay * p.value;
      return adam(spec, g, p);
    case OptimizerRule::kRmsProp: {
      g += spec.weight_decay * p.value;
      p.second = spec.alpha * p.second + (1.0 - spec.alpha) * g * g;
      double u = g / (std::sqrt(p.second) + spec.epsilon);
      if (spec.momentum != 0.0) u = p.first = spec.momentum * p.first + u;
      p.value -= spec.lr * u;
      return;
    }
    case OptimizerRule::kSgd:
      g += spec.weight_decay * p.value;
      if (spec.momentum != 0.0) g = p.first = spec.step == 1 ? g : spec.momentum * p.first + g;
      p.value -= spec.lr * g;
      return;
  }
}

}  // namespace

void ReferenceBackend::do_euclidean_norm(const Tensor& x, const Tensor& norm) {
  reference::dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    double squares = 0.0;
    for (std::int64_t i = 0; i < x.elements(); ++i) squares += static_cast<double>(x.data<T>()[i]) * x.data<T>()[i];
    norm.data<double>()[0] = std::sqrt(squares);
  });
}

void ReferenceBackend::do_optimizer_step(const OptimizerSpec& spec, const Tensor& gradient, const Tensor& norm,
                                         const Tensor& value, const Tensor& first, const Tensor& second) {
  reference::dispatch(value.dtype(), [&](auto type) {
    using T = decltype(type);
    T* m = reference::data_or_null<T>(first);
    T* v = reference::data_or_null<T>(second);
    const double factor = spec.clip_norm > 0.0 ? std::min(1.0, spec.clip_norm / norm.data<double>()[0]) : 1.0;
    for (std::int64_t i = 0; i < value.elements(); ++i) {
      double g = factor * gradient.data<T>()[i];
      if (spec.clip_value > 0.0) g = std::clamp(g, -spec.clip_value, spec.clip_value);
      Element element{value.data<T>()[i], m ? m[i] : 0.0, v ? v[i] : 0.0};
      update(spec, g, element);
      value.data<T>()[i] = static_cast<T>(element.value);
      if (m) m[i] = static_cast<T>(element.first);
      if (v) v[i] = static_cast<T>(element.second);
    }
  });
}

}  // namespace nextframe
