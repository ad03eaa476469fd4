#include <cmath>
#include <memory>

#include "core/metrics/metric_table.h"

namespace nextframe {
namespace {

/// Sums of all valid values of one lead time, taken from the first pair of them so that a field of nearly equal values
/// loses no digits.
struct Moments {
  double forecast_origin = 0, truth_origin = 0;
  double count = 0;
  double forecast = 0, truth = 0, forecast_squared = 0, truth_squared = 0, product = 0;
  std::int64_t frames = 0;
  std::int64_t left_out = 0;

  void add(double forecast_value, double truth_value) {
    if (count == 0) {
      forecast_origin = forecast_value;
      truth_origin = truth_value;
    }
    const double x = forecast_value - forecast_origin, y = truth_value - truth_origin;
    count += 1;
    forecast += x;
    truth += y;
    forecast_squared += x * x;
    truth_squared += y * y;
    product += x * y;
  }

  /// Missing where one of the two does not vary; not a number where a value was not.
  Score score() const {
    Score result{std::nullopt, frames, left_out};
    if (count == 0) return result;
    const double forecast_variance = forecast_squared - forecast * forecast / count;
    const double truth_variance = truth_squared - truth * truth / count;
    const double covariance = product - forecast * truth / count;
    if (!std::isnan(covariance) && (forecast_variance <= 0 || truth_variance <= 0)) return result;
    result.value = covariance / std::sqrt(forecast_variance * truth_variance);
    return result;
  }
};

class Correlation final : public Metric {
 public:
  explicit Correlation(std::int64_t horizon) : rows_(static_cast<std::size_t>(horizon)) {}

  void add(std::int64_t lead, const FramePair& pair) override {
    Moments& row = rows_.at(static_cast<std::size_t>(lead));
    const double before = row.count;
    for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
      if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
      for (std::int64_t i = pixel * pair.channels; i < (pixel + 1) * pair.channels; ++i) {
        row.add(pair.forecast[i], pair.truth[i]);
      }
    }
    ++(row.count > before ? row.frames : row.left_out);
  }
  std::vector<Score> per_lead() const override {
    std::vector<Score> scores;
    for (const Moments& row : rows_) scores.push_back(row.score());
    return scores;
  }

 private:
  std::vector<Moments> rows_;
};

}  // namespace

std::unique_ptr<Metric> make_correlation(std::int64_t horizon) { return std::make_unique<Correlation>(horizon); }

}  // namespace nextframe
