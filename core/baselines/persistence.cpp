#include <cmath>

#include "core/baselines/baseline.h"

namespace nextframe {
namespace {

class Persistence final : public Baseline {
  void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const override {
    const std::int64_t pixels = context.step_pixels();
    const float* last = context.frames + (context.length - 1) * context.step();
    for (std::int64_t p = 0; p < pixels; ++p) {
      bool known = context.mask == nullptr || context.mask[(context.length - 1) * pixels + p] != 0;
      for (std::int64_t c = 0; c < context.channels; ++c)
        known = known && std::isfinite(last[p * context.channels + c]);
      if (known) continue;
      for (std::int64_t lead = 0; lead < horizon; ++lead)
        forecast.mask[static_cast<std::size_t>(lead * pixels + p)] = 0;
    }
  }
};

}  // namespace

std::unique_ptr<Baseline> make_persistence(const BaselineOptions&) { return std::make_unique<Persistence>(); }

}  // namespace nextframe
