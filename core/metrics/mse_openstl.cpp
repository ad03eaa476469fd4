#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

class SummedSquaredError final : public MeanMetric {
 public:
  using MeanMetric::MeanMetric;

 private:
  Sums measure(std::int64_t, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kAsGiven);
    if (errors.values == 0) return left_out();
    return counted(errors.squared, 1);
  }
};

}  // namespace

std::unique_ptr<Metric> make_mse_openstl(std::int64_t horizon) { return std::make_unique<SummedSquaredError>(horizon); }

}  // namespace nextframe
