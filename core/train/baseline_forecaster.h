#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "core/baselines/baseline.h"
#include "core/frames/frame_source.h"
#include "core/train/frame_forecaster.h"

namespace nextframe {

/// Runs a baseline on the frames of a source, without any model; of rain on rates in mm/h, whatever the source measures
/// it in. Keeps the last frames of its context alone. Forecast
/// frames have a mask where the baseline does not know their pixels.
class BaselineForecaster final : public FrameForecaster {
 public:
  using FrameForecaster::forecast;

  /// `source` says what will come: the range of its values and its channels.
  BaselineForecaster(std::unique_ptr<Baseline> baseline, const SourceInfo& source, const ForecastLengths& lengths);

  ForecastLengths lengths() const override { return lengths_; }
  std::int64_t channels() const override { return source_.channels; }
  void observe(const Frame& frame) override;
  void reset() override;
  std::int64_t observed() const override { return observed_; }
  void forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t lead_time)>& visit) override;

 private:
  bool rain() const { return source_.measurement.quantity != Quantity::kNone; }
  float to_value(float pixel) const;
  float from_value(float value) const;
  Frame frame_of(const BaselineForecast& forecast, std::int64_t lead_time) const;

  std::unique_ptr<Baseline> baseline_;
  SourceInfo source_;
  ForecastLengths lengths_;
  std::deque<Frame> context_;  ///< as values: 0..1, or mm/h
  std::int64_t observed_ = 0;
};

}  // namespace nextframe
