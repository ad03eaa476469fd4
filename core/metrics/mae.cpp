#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

class MeanAbsoluteError final : public MeanMetric {
 public:
  using MeanMetric::MeanMetric;

 private:
  Sums measure(std::int64_t, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kAsGiven);
    if (errors.values == 0) return left_out();
    return counted(errors.absolute, static_cast<double>(errors.values));
  }
};

}  // namespace

std::unique_ptr<Metric> make_mae(std::int64_t horizon) { return std::make_unique<MeanAbsoluteError>(horizon); }

}  // namespace nextframe
