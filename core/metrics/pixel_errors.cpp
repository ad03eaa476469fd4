#include "core/metrics/pixel_errors.h"

#include <algorithm>
#include <cmath>

namespace nextframe {

PixelErrors pixel_errors(const FramePair& pair, ValueRange range) {
  PixelErrors errors;
  for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
    if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
    for (std::int64_t channel = 0; channel < pair.channels; ++channel) {
      const std::int64_t i = pixel * pair.channels + channel;
      double forecast = pair.forecast[i];
      double truth = pair.truth[i];
      if (range == ValueRange::kClippedToOne) {
        forecast = std::clamp(forecast, 0.0, 1.0);
        truth = std::clamp(truth, 0.0, 1.0);
      }
      const double difference = forecast - truth;
      errors.squared += difference * difference;
      errors.absolute += std::abs(difference);
      errors.difference += difference;
    }
    errors.values += pair.channels;
  }
  return errors;
}

}  // namespace nextframe
