#include "core/loss/loss.h"

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

}  // namespace

Loss::Loss(Backend& backend, DType dtype, const LossOptions& options, std::int64_t horizon)
    : backend_(backend), huber_delta_(options.huber_delta), lead_weights_(options.lead_weights) {
  for (const LossEntry& entry : kLosses) {
    const double weight = options.*entry.weight;
    if (weight != 0) terms_.push_back({entry.kind, weight});
  }
  if (terms_.empty()) terms_.push_back({PixelLoss::kSquared, 1.0});
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
  for (const Term& term : terms_) {
    const PixelLossSpec spec{.kind = term.kind, .delta = huber_delta_, .weight = term.weight, .scale = scale};
    backend_.pixel_loss(spec, prediction, target, mask, device_lead_weights_, sum_, dprediction, write);
    write = Write::kAccumulate;
  }
}

double Loss::value() {
  double value = 0;
  backend_.download(sum_, &value);
  return value;
}

}  // namespace nextframe
