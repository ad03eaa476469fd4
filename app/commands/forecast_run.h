#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/run_support.h"
#include "core/base/stderr_log.h"
#include "core/frames/last_frames.h"
#include "core/frames/source_table.h"
#include "core/render/frame_writer.h"
#include "core/render/side_by_side.h"
#include "core/train/forecaster.h"
#include "core/train/frame_forecaster.h"
#include "core/train/trained_model.h"

namespace nextframe::app {

/// What `forecast` was asked for.
struct ForecastArguments {
  std::optional<std::string> model;     ///< this or a baseline
  std::optional<std::string> baseline;  ///< a row of all_baselines()
  std::vector<std::string> baseline_options;
  std::optional<std::int64_t> context;  ///< frames that a baseline sees
  std::string input;
  std::optional<std::string> output;
  bool overwrite = false;
  std::optional<std::int64_t> frames;
  std::optional<std::string> at;
  std::optional<std::int64_t> every;
  bool live = false;
  std::optional<std::int64_t> limit;
  bool side_by_side = false;
  bool trained_size = false;
  bool grey = false;
  std::string product;
  bool allow_missing = false;
  ComputeArguments compute;
};

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
  void hindcasts();
  /// The exit code: the end of a stream is an end, an interrupt saves what there is.
  int live();

 private:
  void load_forecaster();
  std::unique_ptr<FrameForecaster> make_forecaster();
  void check_model_options() const;
  void check_many() const;
  void check_not_input() const;
  void make_output();
  void say_channels() const;
  MissingFrames missing_frames() const;
  SourceOptions source_options() const;
  LastFramesOptions last_frames_options() const;
  void write(const Frame& frame, std::int64_t lead, const Frame& last, const Frame* truth);
  Frame shown(const Frame& frame) const;
  FrameStamp stamp(std::int64_t lead) const;

  const ForecastArguments& arguments_;
  const InterruptGuard& guard_;
  StderrLog& log_;
  std::unique_ptr<Backend> backend_;   ///< null for a baseline
  std::optional<TrainedModel> model_;  ///< none for a baseline
  ForecastLengths lengths_;
  std::vector<ClipReference> clips_;
  std::unique_ptr<FrameSource> source_;  ///< the first of them
  SourceInfo info_;
  std::int64_t horizon_;
  std::string output_;
  std::unique_ptr<FrameForecaster> forecaster_;
  bool by_channel_ = false;  ///< a model of one channel forecasts red, green and blue one by one
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  std::optional<SideBySide> panes_;
  std::unique_ptr<FrameWriter> writer_;
};

}  // namespace nextframe::app
