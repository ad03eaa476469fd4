#include <cmath>
#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

class RootMeanSquaredError final : public Metric {
 public:
  explicit RootMeanSquaredError(std::int64_t horizon) : sums_(horizon) {}

  void add(std::int64_t lead, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kAsGiven);
    if (errors.values == 0) {
      sums_.leave_out(lead);
    } else {
      sums_.add(lead, errors.squared, static_cast<double>(errors.values));
    }
  }
  std::vector<Score> per_lead() const override {
    std::vector<Score> scores = sums_.means();
    for (Score& score : scores) {
      if (score.value) score.value = std::sqrt(*score.value);
    }
    return scores;
  }

 private:
  LeadSums sums_;
};

}  // namespace

std::unique_ptr<Metric> make_rmse(std::int64_t horizon) { return std::make_unique<RootMeanSquaredError>(horizon); }

}  // namespace nextframe
