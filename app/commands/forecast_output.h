#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "app/commands/forecast_arguments.h"
#include "core/frames/frame_source.h"
#include "core/render/frame_writer.h"
#include "core/render/side_by_side.h"
#include "core/train/rain_output.h"

namespace nextframe::app {

/// How many forecasts one run makes of a recording.
enum class Starts { kOne, kMany };

struct OutputSetup {
  std::string path;
  Starts starts = Starts::kOne;
  std::int64_t height = 0;  ///< of a frame
  std::int64_t width = 0;
  std::int64_t channels = 1;
  std::int64_t frames = 0;           ///< of one forecast
  std::int64_t gap = 1;              ///< frames of the source from one lead time to the next
  std::int64_t sequence_length = 0;  ///< see WriterOptions
  TruthPane truth = TruthPane::kAbsent;
  std::string model;  ///< its name
};

/// A frame of a forecast on its way out.
struct ForecastFrame {
  const Frame& frame;
  FrameStamp stamp;              ///< as it is written
  FrameStamp moment;             ///< as it is shown
  const Frame* last = nullptr;   ///< the last frame seen; panes side by side show it
  const Frame* truth = nullptr;  ///< may be null
};

/// What becomes of a run's forecasts. Arrays and pictures get the frames as they are. Of rain, pictures and videos are
/// maps in rain colours with legend and time; .nc and folders of GeoTIFF hold amounts in a unit that was asked for.
/// Many forecasts of rain with dates make a file or folder each, "forecast_201008260500.nc", below a folder.
class ForecastOutput {
 public:
  /// Rejects, before anything is computed, what can be refused: options that do not fit the input or the kind of
  /// output, and everything that make_writer rejects.
  ForecastOutput(const ForecastArguments& arguments, const OutputSetup& setup, const SourceInfo& source);

  /// A frame that was seen, before the forecast; panes side by side alone show it.
  void input(const Frame& observed, const FrameStamp& stamp);
  void write(const ForecastFrame& one);
  /// One forecast is complete.
  void end_forecast();
  /// What was begun of a forecast is dropped.
  void abandon();
  /// All are.
  void close();

  /// Whether every forecast makes a file or folder of its own.
  bool one_each() const { return per_start_; }

 private:
  enum class Kind { kFrames, kPanes, kMaps, kRaster };

  Kind kind_of() const;
  bool in_folder() const;
  FolderFormat folder_format() const;
  RainOutputOptions rain_options() const;
  void check_options() const;
  WriterOptions writer_options();
  RasterHeader header() const;
  std::string path_of(UtcSeconds reference) const;
  void check_folder() const;
  Frame shown(const Frame& frame) const;
  Frame map_of(const Frame& frame, const FrameStamp& moment) const;
  FrameWriter& writer(const Frame& frame, const FrameStamp& stamp);

  const ForecastArguments& arguments_;
  OutputSetup setup_;
  const SourceInfo source_;
  bool rain_;
  bool per_start_ = false;
  Kind kind_ = Kind::kFrames;
  std::optional<RainOutput> amounts_;
  std::optional<SideBySide> panes_;
  WriterOptions options_;
  std::unique_ptr<FrameWriter> writer_;
};

/// The numbers of a list such as "1,5"; rejects with the option's name in front what is none or below 0.
std::vector<double> rate_list(const std::string& option, const std::string& text);

}  // namespace nextframe::app
