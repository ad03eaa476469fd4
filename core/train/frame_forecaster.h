#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/frames/frame.h"

namespace nextframe {

/// What a forecaster is used to.
struct ForecastLengths {
  std::int64_t context = 10;  ///< frames that it wants to have seen
  std::int64_t horizon = 10;  ///< frames that it forecasts where nobody asks for more or fewer
  std::int64_t gap = 1;       ///< frames of the source from one that it sees, or forecasts, to the next
};

/// Sees frames one after the other, in source units, and forecasts those that follow.
class FrameForecaster {
 public:
  FrameForecaster() = default;
  FrameForecaster(const FrameForecaster&) = delete;
  FrameForecaster& operator=(const FrameForecaster&) = delete;
  virtual ~FrameForecaster() = default;

  virtual ForecastLengths lengths() const = 0;
  /// Of a forecast frame.
  virtual std::int64_t channels() const = 0;

  /// Takes the next frame in. Rejects a frame of another size than those before.
  virtual void observe(const Frame& frame) = 0;
  /// Forgets everything, for instance at a cut.
  virtual void reset() = 0;
  virtual std::int64_t observed() const = 0;

  /// The next `count` frames after the last one observed, in source units and not clipped; `visit` gets them one by one
  /// with their lead time (1, 2, ...). Does not change what was observed. Rejects when nothing was observed.
  virtual void forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t lead_time)>& visit) = 0;
  std::vector<Frame> forecast(std::int64_t count) {
    std::vector<Frame> frames;
    forecast(count, [&](const Frame& frame, std::int64_t) { frames.push_back(frame); });
    return frames;
  }
};

}  // namespace nextframe
