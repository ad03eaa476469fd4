#include "core/loss/loss.h"

#include <algorithm>
#include <type_traits>

#include "core/base/error.h"

namespace nextframe {
namespace {

template <class T>
Tensor upload_values(Backend& backend, const std::vector<double>& values) {
  const std::vector<T> converted(values.begin(), values.end());
  Tensor tensor = backend.allocate({static_cast<std::int64_t>(values.size())}, DTypeOf<T>::kValue);
  backend.upload(converted.data(), tensor);
  return tensor;
}

void check_lead_weights(const std::vector<double>& weights, std::int64_t horizon) {
  if (static_cast<std::int64_t>(weights.size()) != horizon) {
    reject("train.loss.lead_weights: got {} weights, expected {}, one per lead time of data.horizon", weights.size(),
           horizon);
  }
  double sum = 0;
  for (const double weight : weights) {
    if (!(weight >= 0)) reject("train.loss.lead_weights: got {}, expected weights of at least 0", weight);
    sum += weight;
  }
  if (!(sum > 0)) reject("train.loss.lead_weights: all weights are 0, expected at least one above 0");
}

TargetWeights rain_weights(const RainWeightOptions& options, const LossUnit& unit) {
  if (options.weights.size() != options.thresholds.size() + 1) {
    reject("train.loss.rain_weights.weights: got {} weights, expected {}, one more than thresholds",
           options.weights.size(), options.thresholds.size() + 1);
  }
  if (!std::is_sorted(options.thresholds.begin(), options.thresholds.end())) {
    reject("train.loss.rain_weights.thresholds: not in increasing order");
  }
  if (options.thresholds.empty())
    reject("train.loss.rain_weights.thresholds: got an empty list, expected at least one");
  return {.thresholds = unit.rain_thresholds.value_or(options.thresholds), .weights = options.weights};
}

}  // namespace

bool uses_rain_weights(const LossOptions& options) {
  return std::any_of(kLosses.begin(), kLosses.end(), [&](const LossEntry& entry) {
    return entry.balance == Balance::kRain && options.*entry.weight != 0;
  });
}

Loss::Loss(Backend& backend, DType dtype, const LossOptions& options, std::int64_t horizon, const LossUnit& unit)
    : backend_(backend), lead_weights_(options.lead_weights) {
  for (const LossEntry& entry : kLosses) {
    const double weight = options.*entry.weight;
    if (weight == 0) continue;
    if (const PixelLoss* pixel = std::get_if<PixelLoss>(&entry.kind)) {
      PixelLossSpec spec{.kind = *pixel, .delta = options.huber_delta, .weight = weight};
      if (entry.balance == Balance::kRain) spec.target_weights = rain_weights(options.rain_weights, unit);
      terms_.emplace_back(spec);
    } else {
      terms_.emplace_back(
          FrameLossSpec{.kind = std::get<FrameLoss>(entry.kind), .range = unit.range, .weight = weight});
    }
  }
  if (terms_.empty()) terms_.emplace_back(PixelLossSpec{.kind = PixelLoss::kSquared});
  if (!lead_weights_.empty()) {
    check_lead_weights(lead_weights_, horizon);
    device_lead_weights_ = dtype == DType::kFloat32 ? upload_values<float>(backend, lead_weights_)
                                                    : upload_values<double>(backend, lead_weights_);
  }
  sum_ = backend.zeros({1}, DType::kFloat64);
}

double Loss::valid_weight(const Shape& target, std::span<const float> mask) const {
  const std::int64_t pixels_per_time = target[1] * target[2] * target[3];
  double weight = 0;
  for (std::int64_t t = 0; t < target[0]; ++t) {
    double valid = static_cast<double>(pixels_per_time);
    if (!mask.empty()) {
      valid = 0;
      for (const float m :
           mask.subspan(static_cast<std::size_t>(t * pixels_per_time), static_cast<std::size_t>(pixels_per_time))) {
        valid += m;
      }
    }
    weight += valid * (lead_weights_.empty() ? 1.0 : lead_weights_[static_cast<std::size_t>(t)]);
  }
  return weight * static_cast<double>(target[-1]);
}

void Loss::begin() { backend_.fill(0.0, sum_); }

void Loss::add(const Tensor& prediction, const Tensor& target, const Tensor& mask, double valid_weight,
               const Tensor& dprediction) {
  const double scale = valid_weight > 0 ? 1.0 / valid_weight : 0.0;
  Write write = Write::kOverwrite;
  for (auto& term : terms_) {
    std::visit(
        [&](auto& spec) {
          spec.scale = scale;
          if constexpr (std::is_same_v<std::decay_t<decltype(spec)>, PixelLossSpec>) {
            backend_.pixel_loss(spec, prediction, target, mask, device_lead_weights_, sum_, dprediction, write);
          } else {
            backend_.frame_loss(spec, prediction, target, mask, device_lead_weights_, sum_, dprediction, write);
          }
        },
        term);
    write = Write::kAccumulate;
  }
}

double Loss::value() {
  double value = 0;
  backend_.download(sum_, &value);
  return value;
}

}  // namespace nextframe
