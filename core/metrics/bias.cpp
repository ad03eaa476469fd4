#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

class MeanError final : public MeanMetric {
 public:
  using MeanMetric::MeanMetric;

 private:
  Sums measure(std::int64_t, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kAsGiven);
    if (errors.values == 0) return left_out();
    return counted(errors.difference, static_cast<double>(errors.values));
  }
};

}  // namespace

std::unique_ptr<Metric> make_bias(std::int64_t horizon) { return std::make_unique<MeanError>(horizon); }

}  // namespace nextframe
