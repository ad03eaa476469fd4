#include "core/baselines/baseline.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

/// The last known value of each element, 0 where there never was one, for all lead times.
void fill_with_last_known(const ContextFrames& context, std::int64_t horizon, std::vector<float>& frames) {
  const std::int64_t step = context.step();
  frames.assign(static_cast<std::size_t>(horizon * step), 0);
  for (std::int64_t i = 0; i < step; ++i) {
    for (std::int64_t t = context.length - 1; t >= 0; --t) {
      const float value = context.frames[t * step + i];
      const bool known = context.mask == nullptr || context.mask[t * context.step_pixels() + i / context.channels] != 0;
      if (!known || !std::isfinite(value)) continue;
      frames[static_cast<std::size_t>(i)] = value;
      break;
    }
  }
  for (std::int64_t lead = 1; lead < horizon; ++lead) std::copy_n(frames.begin(), step, frames.begin() + lead * step);
}

}  // namespace

BaselineForecast Baseline::forecast(const ContextFrames& context, std::int64_t horizon) const {
  if (context.length < 1) fail("[baselines] a forecast from no frame");
  BaselineForecast forecast;
  fill_with_last_known(context, horizon, forecast.frames);
  forecast.mask.assign(static_cast<std::size_t>(horizon * context.step_pixels()), 1);
  do_forecast(context, horizon, forecast);
  if (std::find(forecast.mask.begin(), forecast.mask.end(), 0.0F) == forecast.mask.end()) forecast.mask.clear();
  return forecast;
}

BaselineTable engine_baselines() {
  static constexpr std::array<BaselineEntry, 3> kTable{{
      {"persistence", "the last frame again and again", make_persistence},
      {"mean", "the mean of the context frames", make_context_mean},
      {"climatology", "the mean of the frames to train on, or of the context where there are none", make_climatology},
  }};
  return kTable;
}

std::vector<std::string> baseline_names(BaselineTable table) {
  std::vector<std::string> names;
  for (const BaselineEntry& entry : table) names.emplace_back(entry.name);
  return names;
}

const BaselineEntry& find_baseline(BaselineTable table, std::string_view name) {
  for (const BaselineEntry& entry : table) {
    if (entry.name == name) return entry;
  }
  const std::vector<std::string> names = baseline_names(table);
  const std::string nearest = nearest_name(name, names);
  reject("[baselines] got \"{}\", expected one of {}{}", name, join(names, ", "),
         nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
}

}  // namespace nextframe
