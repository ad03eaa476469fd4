#include <cmath>
#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

class RootMeanSquaredError final : public MeanMetric {
 public:
  using MeanMetric::MeanMetric;

  Score score_of(const Sums& sums) const override {
    Score score = MeanMetric::score_of(sums);
    if (score.value) score.value = std::sqrt(*score.value);
    return score;
  }
  bool is_mean() const override { return false; }

 private:
  Sums measure(std::int64_t, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kAsGiven);
    if (errors.values == 0) return left_out();
    return counted(errors.squared, static_cast<double>(errors.values));
  }
};

}  // namespace

std::unique_ptr<Metric> make_rmse(std::int64_t horizon) { return std::make_unique<RootMeanSquaredError>(horizon); }

}  // namespace nextframe
