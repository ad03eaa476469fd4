#include <cmath>
#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

/// Equal frames, whose ratio is infinite, are left out and counted.
class PeakSignalToNoiseRatio final : public MeanMetric {
 public:
  using MeanMetric::MeanMetric;

 private:
  Sums measure(std::int64_t, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kClippedToOne);
    if (errors.values == 0 || errors.squared == 0) return left_out();
    return counted(-10 * std::log10(errors.squared / static_cast<double>(errors.values)), 1);
  }
};

}  // namespace

std::unique_ptr<Metric> make_psnr(std::int64_t horizon) { return std::make_unique<PeakSignalToNoiseRatio>(horizon); }

}  // namespace nextframe
