#include <algorithm>

#include "core/baselines/baseline.h"

namespace nextframe {
namespace {

class ContextMean final : public Baseline {
 public:
  void forecast(const ContextFrames& context, std::int64_t horizon, float* forecast) const override {
    if (horizon <= 0) return;
    const std::int64_t step = context.step();
    for (std::int64_t i = 0; i < step; ++i) {
      double sum = 0;
      for (std::int64_t t = 0; t < context.length; ++t) sum += static_cast<double>(context.frames[t * step + i]);
      forecast[i] = static_cast<float>(sum / static_cast<double>(context.length));
    }
    for (std::int64_t lead = 1; lead < horizon; ++lead) std::copy_n(forecast, step, forecast + lead * step);
  }
};

}  // namespace

std::unique_ptr<Baseline> make_context_mean() { return std::make_unique<ContextMean>(); }

}  // namespace nextframe
