#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/frames/frame_source.h"
#include "core/frames/preprocessing.h"
#include "core/train/scores.h"

namespace nextframe {

/// The files or folders that hold a forecast each: every netCDF file of a folder, or every folder with GeoTIFFs below
/// it, in natural order; else the path itself.
std::vector<std::string> forecast_paths(const std::string& path);

/// A frame of the truth: the one of that time or, without one, of that number.
struct TruthPlace {
  std::int64_t number = 0;
  UtcSeconds time = kNoTime;
};

/// The forecast of one sequence, in the truth's numbering or dates.
struct WrittenForecast {
  std::int64_t first_frame = 0;
  bool hindcast = false;
  std::vector<Frame> frames = {};
  bool dated = false;     ///< the times of the frames say which of the truth they stand for
  double truth_step = 0;  ///< seconds; of dated ones

  /// Whether the truth may lack frames of it.
  bool free() const { return hindcast || dated; }
  /// What a lead time (0 is the first) stands for, lead times being `gap` frames of the truth apart.
  TruthPlace place(std::int64_t lead, std::int64_t gap) const;
};

/// From a source's pixels to values: mm/h of what measures rain, 0..1 of everything else.
struct PixelScale {
  Measurement measurement;  ///< of a picture: nothing
  LinearMap to_unit;

  bool rain() const { return measurement.quantity != Quantity::kNone; }
  void apply(std::vector<float>& pixels) const;
};

/// What does not say itself what it measures, such as an array, has the truth's numbers.
PixelScale pixel_scale(const SourceInfo& info, const SourceInfo& truth);

/// Frames of a source as values, with the channels that both sides have.
class ScaledSource {
 public:
  ScaledSource(std::unique_ptr<FrameSource> source, const Preprocessing& preprocessing, const PixelScale& scale);

  bool next(Frame& frame);
  const SourceInfo& info() const { return source_->info(); }

 private:
  std::unique_ptr<FrameSource> source_;
  Preprocessing preprocessing_;
  PixelScale scale_;
};

/// Gives the frames of a recording by their numbers or times, which must not go back by more than the frames kept.
class TruthWindow {
 public:
  explicit TruthWindow(ScaledSource source) : source_(std::move(source)) {}

  /// Null where there is none.
  const Frame* at(const TruthPlace& place);
  /// Frames before are not asked for again.
  void forget_before(const TruthPlace& place);
  /// Whether its frames have times; to be asked before any is forgotten.
  bool dated();

 private:
  bool read();
  void drop();

  ScaledSource source_;
  std::deque<Frame> kept_;
  std::int64_t first_ = 0;            ///< number of the first frame kept
  std::int64_t needed_from_ = 0;      ///< frames before are read but not kept
  UtcSeconds needed_time_ = kNoTime;  ///< the same of those with a time
  bool dated_ = false;
};

/// Reads the sequences of one clip of forecasts: hindcasts by their names, anything else as one sequence.
class ForecastReader {
 public:
  ForecastReader(ScaledSource source, std::int64_t first_frame);

  bool next(WrittenForecast& forecast);
  /// Whether names say which frame is forecast.
  bool hindcasts() const;

 private:
  /// To the next frame that is no copy of an input.
  void advance();

  ScaledSource source_;
  std::int64_t first_frame_;
  Frame ahead_;
  bool more_ = false;
};

}  // namespace nextframe
