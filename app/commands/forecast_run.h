#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/forecast_arguments.h"
#include "app/commands/forecast_output.h"
#include "app/commands/forecaster_choice.h"
#include "core/base/stderr_log.h"
#include "core/frames/last_frames.h"
#include "core/frames/source_table.h"
#include "core/train/frame_forecaster.h"

namespace nextframe::app {

/// One forecasting run: source, forecaster and writer together. Everything that can be refused is refused before the first
/// frame is forecast.
class ForecastRun {
 public:
  ForecastRun(const ForecastArguments& arguments, const InterruptGuard& guard, StderrLog& log);

  bool is_live() const { return arguments_.live || info_.live; }
  bool of_many() const { return clips_.size() > 1; }

  /// From the end of the recording, or from --at.
  void once();
  /// The same for every sequence of an array, or every one of several recordings, into one array.
  void every_sequence();
  /// The exit code: where each is a file of its own, an interrupt leaves those that are complete.
  int hindcasts();
  /// The exit code: the end of a stream is an end, an interrupt saves what there is.
  int live();

 private:
  /// Of radar the end alone where nobody asks for more.
  std::vector<ClipReference> find_clips() const;
  void check_many() const;
  /// Rejects the options that only recordings, or only live inputs have.
  void check_live() const;
  void check_not_input() const;
  void make_output();
  void say_channels() const;
  LastFramesOptions last_frames_options() const;
  Frame shown(const Frame& frame) const;
  FrameStamp stamp(std::int64_t lead) const;

  const ForecastArguments& arguments_;
  const InterruptGuard& guard_;
  StderrLog& log_;
  ForecasterChoice choice_;
  ForecastLengths lengths_;
  std::vector<ClipReference> clips_;
  std::unique_ptr<FrameSource> source_;  ///< the first of them
  SourceInfo info_;
  std::int64_t horizon_;
  std::string path_;  ///< of the output
  std::unique_ptr<FrameForecaster> forecaster_;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  std::unique_ptr<ForecastOutput> output_;
};

/// "holiday-forecast.mp4" for "clips/holiday.mov", a folder for a folder, an array for an array; of radar netCDF.
std::string default_output(const ForecastArguments& arguments, const SourceInfo& source);

/// A lead time of a source whose frames are `gap` apart.
FrameStamp stamp_of(const SourceInfo& source, std::int64_t lead, std::int64_t gap);

}  // namespace nextframe::app
