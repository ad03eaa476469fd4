#include <memory>

#include "core/metrics/metric_table.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {
namespace {

class MeanError final : public Metric {
 public:
  explicit MeanError(std::int64_t horizon) : sums_(horizon) {}

  void add(std::int64_t lead, const FramePair& pair) override {
    const PixelErrors errors = pixel_errors(pair, ValueRange::kAsGiven);
    if (errors.values == 0) {
      sums_.leave_out(lead);
    } else {
      sums_.add(lead, errors.difference, static_cast<double>(errors.values));
    }
  }
  std::vector<Score> per_lead() const override { return sums_.means(); }

 private:
  LeadSums sums_;
};

}  // namespace

std::unique_ptr<Metric> make_bias(std::int64_t horizon) { return std::make_unique<MeanError>(horizon); }

}  // namespace nextframe
