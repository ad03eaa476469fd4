#include <cmath>
#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

/// Equal frames, whose ratio is infinite, are left out and counted.
class PeakSignalToNoiseRatio final : public Metric {
 public:
  explicit PeakSignalToNoiseRatio(std::int64_t horizon) : sums_(horizon) {}

  void add(std::int64_t lead, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kClippedToOne);
    if (errors.values == 0 || errors.squared == 0) {
      sums_.leave_out(lead);
    } else {
      sums_.add(lead, -10 * std::log10(errors.squared / static_cast<double>(errors.values)), 1);
    }
  }
  std::vector<Score> per_lead() const override { return sums_.means(); }

 private:
  LeadSums sums_;
};

}  // namespace

std::unique_ptr<Metric> make_psnr(std::int64_t horizon) { return std::make_unique<PeakSignalToNoiseRatio>(horizon); }

}  // namespace nextframe
