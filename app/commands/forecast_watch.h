#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "app/commands/forecast_arguments.h"
#include "app/commands/forecast_output.h"
#include "app/commands/forecaster_choice.h"
#include "core/base/stderr_log.h"
#include "core/frames/radar_watch.h"
#include "core/train/frame_forecaster.h"

namespace nextframe::app {

/// `forecast --watch`: a forecast whenever a new radar file arrives, for days.
class ForecastWatch {
 public:
  ForecastWatch(const ForecastArguments& arguments, const InterruptGuard& guard, StderrLog& log);

  /// Until an interrupt, or until --limit forecasts were made. The exit code.
  int run();

 private:
  void forecast(RadarWatch::Recording recording);
  void make_forecast(RadarWatch::Recording& recording);
  void prepare(const SourceInfo& info);
  void wait(double seconds) const;

  const ForecastArguments& arguments_;
  const InterruptGuard& guard_;
  StderrLog& log_;
  ForecasterChoice choice_;
  double interval_;
  std::int64_t horizon_;
  RadarWatch watch_;
  std::optional<SourceInfo> info_;  ///< of the recordings that forecaster and output are made for
  std::unique_ptr<FrameForecaster> forecaster_;
  std::unique_ptr<ForecastOutput> output_;
  std::int64_t made_ = 0;
};

}  // namespace nextframe::app
