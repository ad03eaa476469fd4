#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/train/frame_forecaster.h"

namespace nextframe {

/// Another forecaster whose forecasts are missing where no frame that it saw knew anything. A network says something
/// everywhere.
class MaskedForecaster final : public FrameForecaster {
 public:
  using FrameForecaster::forecast;

  explicit MaskedForecaster(std::unique_ptr<FrameForecaster> forecaster);

  ForecastLengths lengths() const override { return forecaster_->lengths(); }
  std::int64_t channels() const override { return forecaster_->channels(); }
  void observe(const Frame& frame) override;
  void reset() override;
  std::int64_t observed() const override { return forecaster_->observed(); }
  /// A forecast frame of another size than those seen keeps its own mask.
  void forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t lead_time)>& visit) override;

 private:
  std::unique_ptr<FrameForecaster> forecaster_;
  std::vector<std::uint8_t> known_;  ///< [H,W], 1 where one frame was valid; empty: nothing was seen
};

}  // namespace nextframe
