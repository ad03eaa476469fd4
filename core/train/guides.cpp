#include "core/train/guides.h"

#include "core/base/error.h"
#include "core/train/host_values.h"

namespace nextframe {

FieldScale field_scale_of(const FrameFormat& frames) {
  const bool rain = frames.rain.unit != RainUnit::kSource && frames.rain.unit != RainUnit::kAuto;
  return {frames.normalisation, rain ? std::optional<RainScale>(RainScale(frames.rain)) : std::nullopt, frames.low,
          frames.high};
}

GuideMaker guide_maker_for(const ModelOptions& model, const FrameFormat& frames, const GuideFactory& factory) {
  if (model.guide == Guidance::kNone) return {};
  if (!factory) reject("[model.guide] needs optical flow, which this build is without; expected \"none\"");
  return [factory, flow = model.flow, scale = field_scale_of(frames)] { return factory(flow, scale); };
}

Tensor guide_of(Backend& backend, const Batch& batch) {
  if (batch.guide.empty()) return {};
  return to_backend(backend, batch.guide, {batch.horizon, batch.sequences, batch.height, batch.width, batch.channels});
}

}  // namespace nextframe
