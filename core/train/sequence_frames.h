#pragma once

#include <cstdint>
#include <vector>

#include "core/baselines/baseline.h"
#include "core/frames/frame.h"
#include "core/metrics/metric.h"

namespace nextframe {

/// One frame of [T,1,H,W,C] values; pixels whose mask ([T,1,H,W,1], may be null) is 0 are missing.
struct FrameValues {
  const float* values = nullptr;
  const float* mask = nullptr;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;

  Frame frame(std::int64_t number) const;
};

FrameValues forecast_frames(const ForecastBatch& sequence);
FrameValues truth_frames(const ForecastBatch& sequence);
FrameValues context_frames(const ContextFrames& context);

}  // namespace nextframe
