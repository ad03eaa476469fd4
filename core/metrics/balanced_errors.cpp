#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

/// HKO-7's weight of an observed rain rate in mm/h.
double weight_of(double rate) {
  struct Step {
    double from;
    double weight;
  };
  constexpr std::array<Step, 4> kSteps{{{30, 30}, {10, 10}, {5, 5}, {2, 2}}};
  for (const Step& step : kSteps) {
    if (rate >= step.from) return step.weight;
  }
  return std::isnan(rate) ? rate : 1;
}

/// The pixel value of HKO-7's pictures, 0..1 for -10..60 dBZ, of a rain rate: Z = 58.53 R^1.56.
double pixel_of(double rate) {
  if (std::isnan(rate)) return rate;
  if (rate <= 0) return 0;
  const double dbz = 10 * std::log10(58.53) + 15.6 * std::log10(rate);
  return std::clamp((dbz + 10) / 70, 0.0, 1.0);
}

enum class Power { kAbsolute, kSquared };

/// Summed over a frame's valid pixels, mean over frames.
class BalancedError final : public MeanMetric {
 public:
  BalancedError(std::int64_t horizon, Power power) : MeanMetric(horizon), power_(power) {}

 private:
  Sums measure(std::int64_t, const FramePair& pair) override {
    double sum = 0;
    std::int64_t values = 0;
    for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
      if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
      for (std::int64_t i = pixel * pair.channels; i < (pixel + 1) * pair.channels; ++i) {
        const double difference = pixel_of(pair.forecast[i]) - pixel_of(pair.truth[i]);
        sum += weight_of(pair.truth[i]) * (power_ == Power::kSquared ? difference * difference : std::abs(difference));
      }
      ++values;
    }
    if (values == 0) return left_out();
    return counted(sum, 1);
  }

  Power power_;
};

}  // namespace

std::unique_ptr<Metric> make_b_mse(std::int64_t horizon) {
  return std::make_unique<BalancedError>(horizon, Power::kSquared);
}
std::unique_ptr<Metric> make_b_mae(std::int64_t horizon) {
  return std::make_unique<BalancedError>(horizon, Power::kAbsolute);
}

}  // namespace nextframe
