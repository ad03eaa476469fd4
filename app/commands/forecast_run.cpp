#include "app/commands/forecast_run.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/media_sources.h"
#include "core/frames/path_list.h"
#include "core/frames/preprocessing.h"
#include "core/frames/radar/product.h"
#include "core/frames/radar_source.h"
#include "core/train/forecaster.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// Tells whether a live source waits for the forecasts instead of these for it. Its time stamps would not: many streams
/// make them up.
class Pace {
 public:
  bool next(FrameSource& source, Frame& frame) {
    const Stopwatch waiting;
    const bool any = source.next(frame);
    waited_ += waiting.seconds();
    return any;
  }

  /// Warns once.
  void look(bool by_channel, Log& log) {
    const double seconds = period_.seconds();
    if (warned_ || seconds < kPeriod) return;
    if (waited_ < kLeastShare * seconds) {
      log.warning(
          "forecasting takes longer than the frames do to come: the output falls behind, or frames are lost; smaller "
          "frames, fewer --frames{} or a model with a larger data.gap are quicker",
          by_channel ? ", --grey" : "");
      warned_ = true;
    }
    period_.restart();
    waited_ = 0;
  }

 private:
  static constexpr double kPeriod = 5;  ///< seconds
  static constexpr double kLeastShare = 0.05;

  Stopwatch period_;
  double waited_ = 0;
  bool warned_ = false;
};

/// Files of events have no dates.
bool has_dates(const SourceInfo& source) {
  return source.product.empty() || parse_products(source.product, source.name).front().reader != ProductReader::kEvents;
}

bool is_array_output(const std::string& path) { return has_extension(path, {".npy", ".npz"}); }

}  // namespace

std::string default_output(const ForecastArguments& arguments, const SourceInfo& source) {
  const bool several = arguments.every || arguments.watch;
  const std::string word = arguments.every ? "-hindcasts" : arguments.watch ? "-forecasts" : "-forecast";
  if (source.live) return "live" + word + ".mp4";
  const ArrayPath array = parse_array_path(arguments.input);
  fs::path path = array.file;
  if (!path.has_filename()) path = path.parent_path();
  std::error_code error;
  std::string stem = path.stem().string();
  if (is_glob(array.file)) stem = path.parent_path().filename().string();
  if (stem.empty() || stem == "." || stem == "..") stem = "input";
  for (const std::string& part : split(array.part, '#')) stem += part.empty() ? "" : "-" + part;
  const std::string ending = path.extension().string();
  if (ending == ".npy" || ending == ".npz") return stem + word + ending;
  if (source.measurement.quantity != Quantity::kNone && !arguments.side_by_side) {
    if (several || arguments.format) return stem + word + "/";
    return stem + word + (has_dates(source) ? ".nc" : ".npy");
  }
  if (fs::is_directory(array.file, error) || is_glob(array.file)) return stem + word + "/";
  return stem + word + (several ? "/" : ".mp4");
}

FrameStamp stamp_of(const SourceInfo& source, std::int64_t lead, std::int64_t gap) {
  FrameStamp out;
  out.lead_time = lead;
  if (source.frames_per_second > 0) out.seconds = static_cast<double>(lead * gap) / source.frames_per_second;
  return out;
}

ForecastRun::ForecastRun(const ForecastArguments& arguments, const InterruptGuard& guard, StderrLog& log)
    : arguments_(arguments), guard_(guard), log_(log), choice_(arguments, log), lengths_(choice_.lengths()) {
  clips_ = find_clips();
  report_reading(clips_, log_);
  source_ = clips_.front().open();
  info_ = source_->info();
  horizon_ = arguments.frames.value_or(lengths_.horizon);
  path_ = arguments.output.value_or(default_output(arguments, info_));
  forecaster_ = choice_.make(info_);
  height_ = arguments.trained_size ? (*choice_.model()->file.frames.size)[0] : info_.height;
  width_ = arguments.trained_size ? (*choice_.model()->file.frames.size)[1] : info_.width;
  for (const std::string& note : info_.notes) log_.warning("{}", note);
  const std::string doubt = choice_.model() != nullptr ? doubt_of_scale(choice_.model()->file.frames, info_) : "";
  if (!doubt.empty()) log_.warning("{}", doubt);
  check_many();
  check_live();
  check_not_input();
  make_output();
  say_channels();
}

std::vector<ClipReference> ForecastRun::find_clips() const {
  const SourceTable sources = media_sources();
  const SourceOptions options = choice_.source_options();
  const bool from_end = !arguments_.at && !arguments_.every;
  if (!from_end || find_source_kind(sources, options).type != SourceType::kRadar) return list_clips(sources, options);
  // Some more than the context: the first ones may be damaged.
  const std::int64_t steps = (lengths_.context - 1) * lengths_.gap + 1;
  return list_end_of_radar(options, steps + 2 * (options.max_missing + 1));
}

void ForecastRun::once() {
  const LastFrames seen = read_last_frames(*source_, last_frames_options());
  for (const Frame& frame : seen.frames) forecaster_->observe(frame);
  for (std::size_t i = 0; arguments_.side_by_side && i < seen.frames.size(); ++i) {
    const auto lead = static_cast<std::int64_t>(i + 1) - static_cast<std::int64_t>(seen.frames.size());
    output_->input(shown(seen.frames[i]), stamp(lead));
  }
  Progress progress({.label = "forecast", .unit = "frame", .total = horizon_});
  const Frame last = shown(seen.frames.back());
  forecaster_->forecast(horizon_, [&](const Frame& frame, std::int64_t lead) {
    stop_if_interrupted(guard_);
    const auto place = static_cast<std::size_t>(lead - 1);
    std::optional<Frame> truth;
    if (place < seen.following.size()) truth = shown(seen.following[place]);
    output_->write({.frame = frame,
                    .stamp = stamp(lead),
                    .moment = stamp(lead),
                    .last = &last,
                    .truth = truth ? &*truth : nullptr});
    progress.update(lead, "");
  });
  progress.finish();
  output_->end_forecast();
  output_->close();
  const std::string moment = last.time == kNoTime ? format("frame {}", seen.next_frame - 1) : format_time(last.time);
  log_.info("wrote {} forecast frame{}, {}x{}, after {} of {}, to {}", horizon_, horizon_ == 1 ? "" : "s", height_,
            width_, moment, info_.name, path_);
}

void ForecastRun::every_sequence() {
  const auto count = static_cast<std::int64_t>(clips_.size());
  Progress progress({.label = "forecast", .unit = "sequence", .total = count});
  for (std::int64_t i = 0; i < count; ++i) {
    const std::unique_ptr<FrameSource> source = clips_[static_cast<std::size_t>(i)].open();
    const SourceInfo& info = source->info();
    if (info.pixel_type != info_.pixel_type || info.low != info_.low || info.high != info_.high) {
      reject("[forecast] {} has values {} to {}, {} has {} to {}; forecast them one by one", info_.name, info_.low,
             info_.high, info.name, info.low, info.high);
    }
    forecaster_->reset();
    for (const Frame& frame : read_last_frames(*source, last_frames_options()).frames) forecaster_->observe(frame);
    forecaster_->forecast(horizon_, [&](const Frame& frame, std::int64_t lead) {
      stop_if_interrupted(guard_);
      output_->write({.frame = frame, .stamp = stamp(lead), .moment = stamp(lead)});
    });
    progress.update(i + 1, "");
  }
  progress.finish();
  output_->close();
  log_.info("wrote {} forecast frames, {}x{}, of each of the {} sequences of {}, to {}", horizon_, height_, width_,
            count, arguments_.input, path_);
}

int ForecastRun::hindcasts() {
  Progress progress({.label = "hindcast", .unit = "hindcast"});
  std::int64_t done = 0;
  std::int64_t skipped = 0;
  const auto skip = [&](std::int64_t first_frame, const std::string& why) {
    constexpr std::int64_t kMostWarnings = 5;
    if (skipped++ < kMostWarnings) log_.warning("no hindcast before frame {}: {}", first_frame, why);
  };
  const HindcastOptions options{.every = *arguments_.every,
                                .context = lengths_.context,
                                .gap = lengths_.gap,
                                .horizon = horizon_,
                                .missing = choice_.missing_frames(),
                                .skipped = skip};
  hindcast(*forecaster_, *source_, options, [&](const Hindcast& one) {
    if (guard_.interrupted() && output_->one_each()) return false;
    stop_if_interrupted(guard_);
    for (std::size_t i = 0; i < one.frames.size(); ++i) {
      FrameStamp at = stamp(static_cast<std::int64_t>(i + 1));
      at.first_frame = one.first_frame;
      output_->write({.frame = one.frames[i], .stamp = at, .moment = at});
    }
    output_->end_forecast();
    progress.update(++done, format("before frame {}", one.first_frame));
    return true;
  });
  progress.finish();
  output_->close();
  if (!source_->info().cut_off.empty()) log_.warning("{}", source_->info().cut_off);
  if (skipped > 0) log_.warning("{} hindcasts were left out: their contexts are not whole", skipped);
  log_.info("wrote {} hindcasts of {} frames each to {}", done, horizon_, path_);
  return guard_.interrupted() ? kInterruptedExitCode : 0;
}

int ForecastRun::live() {
  Pace pace;
  Progress progress({.label = "live", .unit = "frame", .total = arguments_.limit.value_or(0)});
  Frame frame;
  std::int64_t seen = 0;
  std::int64_t written = 0;
  while (!guard_.interrupted() && (!arguments_.limit || written < *arguments_.limit) && pace.next(*source_, frame)) {
    if (seen++ % lengths_.gap != 0) continue;
    forecaster_->observe(frame);
    if (forecaster_->observed() < lengths_.context) continue;
    forecaster_->forecast(horizon_, [&](const Frame& predicted, std::int64_t lead) {
      if (lead != horizon_) return;
      const Frame last = shown(frame);
      output_->write({.frame = predicted, .stamp = stamp(++written), .moment = stamp(lead), .last = &last});
    });
    progress.update(written, format("{} frames ahead", horizon_));
    if (info_.live) pace.look(choice_.by_channel(), log_);
  }
  progress.finish();
  if (written == 0) {
    if (guard_.interrupted()) throw Interrupted{};
    reject("[forecast] {}: ended after {} frames, expected at least {} (the context)", info_.name, seen,
           lengths_.context * lengths_.gap);
  }
  output_->close();
  log_.info("wrote {} frames, each {} ahead of the stream, to {}", written, horizon_, path_);
  return guard_.interrupted() ? kInterruptedExitCode : 0;
}

void ForecastRun::check_many() const {
  if (!of_many()) return;
  const std::string_view alone = arguments_.every          ? "--every takes one"
                                 : arguments_.live         ? "--live takes one"
                                 : arguments_.side_by_side ? "--side-by-side takes one"
                                 : is_array_output(path_)  ? ""
                                                           : "only .npy and .npz hold the forecasts of several";
  if (alone.empty()) return;
  reject("[forecast] {} names {} sequences, and {}; name one of them, such as {}", arguments_.input, clips_.size(),
         alone, clips_[1].name);
}

void ForecastRun::check_live() const {
  if (is_live() && (arguments_.at || arguments_.every)) {
    reject("[forecast] --at and --every need a recording, not a live input");
  }
  if (!is_live() && arguments_.limit) {
    reject("[forecast] --limit is for live inputs and --watch; --frames says how many frames to forecast");
  }
}

void ForecastRun::check_not_input() const {
  if (info_.live) return;
  for (const std::string& path : expand_path(parse_array_path(arguments_.input).file)) {
    std::error_code error;
    const bool same = fs::equivalent(path_, path, error) || fs::equivalent(path_, fs::path(path).parent_path(), error);
    if (same) reject("[forecast] {}: the output is the input, or holds it; choose another name", path_);
  }
}

void ForecastRun::make_output() {
  if (is_live() && info_.measurement.quantity != Quantity::kNone) {
    reject("[forecast] --live: for cameras and streams; --watch forecasts whenever a new radar file arrives");
  }
  const bool truth = arguments_.at.has_value() && !is_live();
  output_ =
      std::make_unique<ForecastOutput>(arguments_,
                                       OutputSetup{.path = path_,
                                                   .starts = arguments_.every ? Starts::kMany : Starts::kOne,
                                                   .height = height_,
                                                   .width = width_,
                                                   .channels = forecaster_->channels(),
                                                   .frames = horizon_,
                                                   .gap = lengths_.gap,
                                                   .sequence_length = arguments_.every || of_many() ? horizon_ : 0,
                                                   .truth = truth ? TruthPane::kShown : TruthPane::kAbsent,
                                                   .model = choice_.name()},
                                       info_);
}

void ForecastRun::say_channels() const {
  if (choice_.by_channel()) {
    log_.info(
        "the model knows one channel: red, green and blue are forecast one by one; --grey takes a third of the time");
  } else if (forecaster_->channels() < info_.channels && !arguments_.grey && !arguments_.side_by_side) {
    log_.info("the model forecasts {} of the input's {} channels", forecaster_->channels(), info_.channels);
  }
}

LastFramesOptions ForecastRun::last_frames_options() const {
  LastFramesOptions options;
  options.missing = choice_.missing_frames();
  options.count = lengths_.context;
  options.gap = lengths_.gap;
  if (!arguments_.at) return options;
  options.at = parse_moment(*arguments_.at);
  options.following = arguments_.side_by_side ? horizon_ : 0;
  return options;
}

Frame ForecastRun::shown(const Frame& frame) const {
  if (frame.height == height_ && frame.width == width_) return frame;
  return resized(frame, height_, width_);
}

FrameStamp ForecastRun::stamp(std::int64_t lead) const { return stamp_of(info_, lead, lengths_.gap); }

}  // namespace nextframe::app
