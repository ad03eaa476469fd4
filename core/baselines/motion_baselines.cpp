#include "core/baselines/motion_baselines.h"

#include <array>
#include <cmath>

namespace nextframe {

BaselineTable all_baselines() {
  static const std::vector<BaselineEntry> kTable = [] {
    const BaselineTable engine = engine_baselines();
    std::vector<BaselineEntry> table(engine.begin(), engine.end());
    table.push_back({"extrapolation", "the last frame, moved on by optical flow", make_extrapolation});
    table.push_back(
        {"sprog", "S-PROG: moved on by optical flow, each scale fading as it loses its predictability", make_sprog});
    return table;
  }();
  return kTable;
}

std::vector<ScalarField> fields_of(const ContextFrames& context, std::int64_t sequence, std::int64_t channel) {
  const std::int64_t area = context.height * context.width;
  std::vector<ScalarField> fields;
  for (std::int64_t t = 0; t < context.length; ++t) {
    ScalarField& field = fields.emplace_back(context.height, context.width, ScalarField::kMissing);
    const std::int64_t first = t * context.step_pixels() + sequence * area;
    for (std::int64_t p = 0; p < area; ++p) {
      const float value = context.frames[(first + p) * context.channels + channel];
      const bool known = context.mask == nullptr || context.mask[first + p] != 0;
      if (known && std::isfinite(value)) field.values[static_cast<std::size_t>(p)] = value;
    }
  }
  return fields;
}

std::vector<ScalarField> luminance_of(const ContextFrames& context, std::int64_t sequence) {
  if (context.channels == 1) return fields_of(context, sequence, 0);
  constexpr std::array<float, 3> kBrightness{0.299F, 0.587F, 0.114F};
  const bool coloured = context.channels == 3 || context.channels == 4;
  const std::int64_t used = coloured ? 3 : context.channels;
  std::vector<ScalarField> sum;
  for (std::int64_t channel = 0; channel < used; ++channel) {
    const float share = coloured ? kBrightness[static_cast<std::size_t>(channel)] : 1 / static_cast<float>(used);
    const std::vector<ScalarField> fields = fields_of(context, sequence, channel);
    if (sum.empty()) sum.assign(fields.size(), ScalarField(context.height, context.width));
    for (std::size_t t = 0; t < fields.size(); ++t) {
      for (std::size_t i = 0; i < fields[t].values.size(); ++i) sum[t].values[i] += share * fields[t].values[i];
    }
  }
  return sum;
}

void put_field(const ScalarField& field, const ContextFrames& context, std::int64_t lead, std::int64_t sequence,
               std::int64_t channel, BaselineForecast& forecast) {
  const std::int64_t area = context.height * context.width;
  const std::int64_t first = lead * context.step_pixels() + sequence * area;
  for (std::int64_t p = 0; p < area; ++p) {
    const float value = field.values[static_cast<std::size_t>(p)];
    if (is_missing(value)) {
      forecast.mask[static_cast<std::size_t>(first + p)] = 0;
    } else {
      forecast.frames[static_cast<std::size_t>((first + p) * context.channels + channel)] = value;
    }
  }
}

}  // namespace nextframe
