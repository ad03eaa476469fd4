#include "core/train/loss_unit.h"

#include <algorithm>

#include "core/base/error.h"

namespace nextframe {

LossUnit loss_unit_of(const DataSet& data, const FrameFormat& frames, const LossOptions& loss) {
  LossUnit unit{.range = (frames.high - frames.low) / frames.normalisation.scale};
  if (loss.ssim > 0 && std::min(data.crop_height(), data.crop_width()) < kStructureWindow) {
    reject(
        "train.loss.ssim: needs frames of at least {}x{} pixels, got {}x{}; leave it out, or give data.size or "
        "data.crop",
        kStructureWindow, kStructureWindow, data.crop_width(), data.crop_height());
  }
  if (!uses_rain_weights(loss)) return unit;
  unit.rain_thresholds.emplace();
  for (const double threshold : loss.rain_weights.thresholds) {
    unit.rain_thresholds->push_back(
        data.to_network(threshold, loss.rain_weights.unit, "train.loss.rain_weights.thresholds"));
  }
  return unit;
}

}  // namespace nextframe
