#pragma once

#include <cstdint>

#include "core/metrics/metric.h"

namespace nextframe {

/// Errors of one frame, summed over its valid pixels and their channels.
struct PixelErrors {
  double squared = 0;
  double absolute = 0;
  double difference = 0;    ///< forecast - truth
  std::int64_t values = 0;  ///< valid pixels times channels
};

enum class ValueRange { kAsGiven, kClippedToOne };

/// kClippedToOne clips both frames to 0..1 first.
PixelErrors pixel_errors(const FramePair& pair, ValueRange range);

}  // namespace nextframe
