#include <cmath>
#include <memory>
#include <optional>
#include <vector>

#include "core/metrics/metric_table.h"

namespace nextframe {
namespace {

/// Sums of all valid values, taken from the first pair of a lead time so that a field of nearly equal values loses no
/// digits.
class Correlation final : public Metric {
 public:
  explicit Correlation(std::int64_t horizon) : Metric(horizon, 6), origins_(static_cast<std::size_t>(horizon)) {}

  /// Missing where one of the two does not vary; not a number where a value was not.
  Score score_of(const Sums& sums) const override {
    const auto& [count, forecast, truth, forecast_squared, truth_squared, product] = sums.values;
    Score result{std::nullopt, sums.frames, sums.left_out};
    if (count == 0) return result;
    const double forecast_variance = forecast_squared - forecast * forecast / count;
    const double truth_variance = truth_squared - truth * truth / count;
    const double covariance = product - forecast * truth / count;
    if (!std::isnan(covariance) && (forecast_variance <= 0 || truth_variance <= 0)) return result;
    result.value = covariance / std::sqrt(forecast_variance * truth_variance);
    return result;
  }

 private:
  struct Origin {
    double forecast = 0, truth = 0;
  };

  Sums measure(std::int64_t lead, const FramePair& pair) override {
    std::optional<Origin>& origin = origins_.at(static_cast<std::size_t>(lead));
    Sums sums;
    auto& [count, forecast, truth, forecast_squared, truth_squared, product] = sums.values;
    for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
      if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
      for (std::int64_t i = pixel * pair.channels; i < (pixel + 1) * pair.channels; ++i) {
        if (!origin) origin = Origin{pair.forecast[i], pair.truth[i]};
        const double x = pair.forecast[i] - origin->forecast, y = pair.truth[i] - origin->truth;
        count += 1;
        forecast += x;
        truth += y;
        forecast_squared += x * x;
        truth_squared += y * y;
        product += x * y;
      }
    }
    ++(count > 0 ? sums.frames : sums.left_out);
    return sums;
  }

  std::vector<std::optional<Origin>> origins_;
};

}  // namespace

std::unique_ptr<Metric> make_correlation(std::int64_t horizon) { return std::make_unique<Correlation>(horizon); }

}  // namespace nextframe
