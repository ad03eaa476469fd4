#include "app/commands/forecast_run.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/commands/baseline_arguments.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/extrapolation_guide.h"
#include "core/baselines/motion_baselines.h"
#include "core/frames/media_sources.h"
#include "core/frames/path_list.h"
#include "core/frames/preprocessing.h"
#include "core/train/baseline_forecaster.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// "holiday-forecast.mp4" for "clips/holiday.mov", a folder for a folder, an array for an array.
std::string default_output(const ForecastArguments& arguments, const SourceInfo& source) {
  const std::string word = arguments.every ? "-hindcasts" : "-forecast";
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
  if (fs::is_directory(array.file, error) || is_glob(array.file)) return stem + word + "/";
  return stem + word + (arguments.every ? "/" : ".mp4");
}

ForecasterOptions forecaster_options(const ForecastArguments& arguments) {
  ForecasterOptions options;
  options.guides = make_extrapolation_guide;
  if (arguments.trained_size) options.resize = ForecasterOptions::Resize::kAsTrained;
  if (arguments.grey) options.colour = ForecasterOptions::Colour::kGrey;
  return options;
}

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

bool is_array_output(const std::string& path) { return has_extension(path, {".npy", ".npz"}); }

}  // namespace

ForecastRun::ForecastRun(const ForecastArguments& arguments, const InterruptGuard& guard, StderrLog& log)
    : arguments_(arguments), guard_(guard), log_(log) {
  load_forecaster();
  clips_ = list_clips(media_sources(), source_options());
  source_ = clips_.front().open();
  info_ = source_->info();
  horizon_ = arguments.frames.value_or(lengths_.horizon);
  output_ = arguments.output.value_or(default_output(arguments, info_));
  forecaster_ = make_forecaster();
  height_ = arguments.trained_size ? (*model_->file.frames.size)[0] : info_.height;
  width_ = arguments.trained_size ? (*model_->file.frames.size)[1] : info_.width;
  for (const std::string& note : info_.notes) log_.warning("{}", note);
  check_many();
  check_not_input();
  make_output();
  say_channels();
}

/// The model, or what a baseline needs to know before the source is opened.
void ForecastRun::load_forecaster() {
  if (arguments_.baseline) {
    find_baseline(all_baselines(), *arguments_.baseline);
    const BaselineOptions options = baseline_options(arguments_.baseline_options);
    constexpr ForecastLengths kUsual{.context = 5, .horizon = 12};
    lengths_ = kUsual;
    lengths_.context = arguments_.context.value_or(std::max(kUsual.context, options.flow.interval + 1));
    return;
  }
  backend_ = arguments_.compute.make();
  model_ = load_model(*backend_, *arguments_.model, arguments_.compute.precision);
  lengths_ = {.context = model_->data.context, .horizon = model_->data.horizon, .gap = model_->data.gap};
  check_model_options();
  report_precision(model_->precision, *backend_, log_);
}

void ForecastRun::check_model_options() const {
  if (arguments_.trained_size && !model_->file.frames.size) {
    reject("[forecast] --trained-size: {} was trained on frames of their own size", *arguments_.model);
  }
  if (arguments_.grey && model_->file.frames.output_channels != 1) {
    reject("[forecast] --grey: {} forecasts {} channels; it is for models of one channel", *arguments_.model,
           model_->file.frames.output_channels);
  }
}

std::unique_ptr<FrameForecaster> ForecastRun::make_forecaster() {
  if (arguments_.baseline) {
    const BaselineEntry& entry = find_baseline(all_baselines(), *arguments_.baseline);
    return std::make_unique<BaselineForecaster>(entry.make(baseline_options(arguments_.baseline_options)), info_,
                                                lengths_);
  }
  auto forecaster = std::make_unique<Forecaster>(*backend_, *model_, info_, forecaster_options(arguments_));
  by_channel_ = forecaster->by_channel();
  return forecaster;
}

void ForecastRun::once() {
  const LastFrames seen = read_last_frames(*source_, last_frames_options());
  for (const Frame& frame : seen.frames) forecaster_->observe(frame);
  if (arguments_.side_by_side) {
    for (std::size_t i = 0; i < seen.frames.size(); ++i) {
      const auto lead = static_cast<std::int64_t>(i + 1) - static_cast<std::int64_t>(seen.frames.size());
      writer_->write(panes_->input(shown(seen.frames[i]), lead), stamp(lead));
    }
  }
  Progress progress({.label = "forecast", .unit = "frame", .total = horizon_});
  const Frame last = shown(seen.frames.back());
  forecaster_->forecast(horizon_, [&](const Frame& frame, std::int64_t lead) {
    stop_if_interrupted(guard_);
    const auto place = static_cast<std::size_t>(lead - 1);
    std::optional<Frame> truth;
    if (place < seen.following.size()) truth = shown(seen.following[place]);
    write(frame, lead, last, truth ? &*truth : nullptr);
    progress.update(lead, "");
  });
  progress.finish();
  writer_->close();
  log_.info("wrote {} forecast frames, {}x{}, after frame {} of {}, to {}", horizon_, height_, width_,
            seen.next_frame - 1, info_.name, output_);
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
      writer_->write(frame, stamp(lead));
    });
    progress.update(i + 1, "");
  }
  progress.finish();
  writer_->close();
  log_.info("wrote {} forecast frames, {}x{}, of each of the {} sequences of {}, to {}", horizon_, height_, width_,
            count, arguments_.input, output_);
}

void ForecastRun::hindcasts() {
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
                                .missing = missing_frames(),
                                .skipped = skip};
  hindcast(*forecaster_, *source_, options, [&](const Hindcast& one) {
    stop_if_interrupted(guard_);
    for (std::size_t i = 0; i < one.frames.size(); ++i) {
      FrameStamp at = stamp(static_cast<std::int64_t>(i + 1));
      at.first_frame = one.first_frame;
      writer_->write(one.frames[i], at);
    }
    progress.update(++done, format("before frame {}", one.first_frame));
    return true;
  });
  progress.finish();
  writer_->close();
  if (skipped > 0) log_.warning("{} hindcasts were left out: their contexts are not whole", skipped);
  log_.info("wrote {} hindcasts of {} frames each to {}", done, horizon_, output_);
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
      FrameStamp at = stamp(++written);
      if (panes_) {
        writer_->write(panes_->forecast(shown(frame), nullptr, predicted, lead, stamp(lead).seconds), at);
      } else {
        writer_->write(predicted, at);
      }
    });
    progress.update(written, format("{} frames ahead", horizon_));
    if (info_.live) pace.look(by_channel_, log_);
  }
  progress.finish();
  if (written == 0) {
    if (guard_.interrupted()) throw Interrupted{};
    reject("[forecast] {}: ended after {} frames, expected at least {} (the context)", info_.name, seen,
           lengths_.context * lengths_.gap);
  }
  writer_->close();
  log_.info("wrote {} frames, each {} ahead of the stream, to {}", written, horizon_, output_);
  return guard_.interrupted() ? kInterruptedExitCode : 0;
}

void ForecastRun::check_many() const {
  if (!of_many()) return;
  const std::string_view alone = arguments_.every           ? "--every takes one"
                                 : arguments_.live          ? "--live takes one"
                                 : arguments_.side_by_side  ? "--side-by-side takes one"
                                 : is_array_output(output_) ? ""
                                                            : "only .npy and .npz hold the forecasts of several";
  if (alone.empty()) return;
  reject("[forecast] {} names {} sequences, and {}; name one of them, such as {}", arguments_.input, clips_.size(),
         alone, clips_[1].name);
}

void ForecastRun::check_not_input() const {
  if (info_.live) return;
  for (const std::string& path : expand_path(parse_array_path(arguments_.input).file)) {
    std::error_code error;
    const bool same =
        fs::equivalent(output_, path, error) || fs::equivalent(output_, fs::path(path).parent_path(), error);
    if (same) reject("[forecast] {}: the output is the input, or holds it; choose another name", output_);
  }
}

void ForecastRun::make_output() {
  WriterOptions options;
  options.height = height_;
  options.width = width_;
  options.channels = forecaster_->channels();
  options.frames_per_second = info_.frames_per_second / static_cast<double>(lengths_.gap);
  options.pixel_type = info_.pixel_type;
  options.low = info_.low;
  options.high = info_.high;
  options.sequence_length = arguments_.every || of_many() ? horizon_ : 0;
  options.if_exists = arguments_.overwrite ? IfExists::kReplace : IfExists::kRefuse;
  if (arguments_.side_by_side) {
    const bool truth = arguments_.at.has_value() && !is_live();
    panes_.emplace(SideBySideOptions{.height = height_,
                                     .width = width_,
                                     .appearance = {.range = {info_.low, info_.high}},
                                     .truth = truth ? TruthPane::kShown : TruthPane::kAbsent});
    options.height = panes_->height();
    options.width = panes_->width();
    options.channels = 3;
    options.pixel_type = PixelType::kUint8;
    options.low = 0;
    options.high = 255;
  }
  writer_ = make_writer(output_, options);
}

void ForecastRun::say_channels() const {
  if (by_channel_) {
    log_.info(
        "the model knows one channel: red, green and blue are forecast one by one; --grey takes a third of the time");
  } else if (forecaster_->channels() < info_.channels && !arguments_.grey && !arguments_.side_by_side) {
    log_.info("the model forecasts {} of the input's {} channels", forecaster_->channels(), info_.channels);
  }
}

MissingFrames ForecastRun::missing_frames() const {
  return arguments_.allow_missing ? MissingFrames::kAllow : MissingFrames::kRefuse;
}

SourceOptions ForecastRun::source_options() const {
  SourceOptions options;
  if (model_) {
    options = input_options(*model_, arguments_.input, arguments_.product);
  } else {
    options.path = arguments_.input;
    options.product = arguments_.product;
    if (!options.product.empty()) options.type = SourceType::kRadar;
  }
  // Where any part of a context may be missing, no gap within it is too long.
  if (arguments_.allow_missing) options.max_missing = std::max(options.max_missing, lengths_.context * lengths_.gap);
  return options;
}

LastFramesOptions ForecastRun::last_frames_options() const {
  LastFramesOptions options;
  options.missing = missing_frames();
  options.count = lengths_.context;
  options.gap = lengths_.gap;
  if (!arguments_.at) return options;
  options.at = parse_moment(*arguments_.at);
  options.following = arguments_.side_by_side ? horizon_ : 0;
  return options;
}

void ForecastRun::write(const Frame& frame, std::int64_t lead, const Frame& last, const Frame* truth) {
  if (panes_) {
    writer_->write(panes_->forecast(last, truth, frame, lead, stamp(lead).seconds), stamp(lead));
  } else {
    writer_->write(frame, stamp(lead));
  }
}

Frame ForecastRun::shown(const Frame& frame) const {
  if (frame.height == height_ && frame.width == width_) return frame;
  return resized(frame, height_, width_);
}

FrameStamp ForecastRun::stamp(std::int64_t lead) const {
  FrameStamp out;
  out.lead_time = lead;
  if (info_.frames_per_second > 0) {
    out.seconds = static_cast<double>(lead * lengths_.gap) / info_.frames_per_second;
  }
  return out;
}

}  // namespace nextframe::app
