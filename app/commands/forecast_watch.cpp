#include "app/commands/forecast_watch.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "app/commands/forecast_run.h"
#include "app/values.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/frames/last_frames.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// Looking takes at most this share of the time, however many files there are.
constexpr double kMostLooking = 0.1;

double interval_of(const ForecastArguments& arguments) {
  constexpr double kUsual = 2;
  if (!arguments.interval) return kUsual;
  const double seconds = parse_number("[forecast] --interval", *arguments.interval);
  if (!(seconds >= 0.05 && seconds <= 86400)) {
    reject("[forecast] --interval {}: expected 0.05 to 86400 seconds", *arguments.interval);
  }
  return seconds;
}

RadarWatchOptions watch_options(const ForecasterChoice& choice, double interval) {
  const ForecastLengths& lengths = choice.lengths();
  RadarWatchOptions options;
  options.source = choice.source_options();
  options.source.type = SourceType::kRadar;
  options.steps = (lengths.context - 1) * lengths.gap + 1;
  options.settle_seconds = interval;
  std::error_code error;
  if (!has_time_fields(options.source.path) && !fs::is_directory(options.source.path, error)) {
    reject("[forecast] --watch {}: is no folder", options.source.path);
  }
  return options;
}

bool same_fields(const SourceInfo& one, const SourceInfo& other) {
  return one.height == other.height && one.width == other.width && one.measurement == other.measurement &&
         one.place == other.place && one.product == other.product;
}

}  // namespace

ForecastWatch::ForecastWatch(const ForecastArguments& arguments, const InterruptGuard& guard, StderrLog& log)
    : arguments_(arguments),
      guard_(guard),
      log_(log),
      choice_(arguments, log),
      interval_(interval_of(arguments)),
      horizon_(arguments.frames.value_or(choice_.lengths().horizon)),
      watch_(watch_options(choice_, interval_)) {}

int ForecastWatch::run() {
  log_.info("watching {}; Ctrl-C ends it", arguments_.input);
  while (!guard_.interrupted() && !(arguments_.limit && made_ >= *arguments_.limit)) {
    const Stopwatch looking;
    std::optional<RadarWatch::Recording> recording;
    try {
      recording = watch_.look();
    } catch (const Error& error) {
      log_.warning("{}", error.what());
    }
    const double seconds = looking.seconds();
    for (const std::string& note : watch_.take_notes()) log_.warning("{}", note);
    if (recording) forecast(std::move(*recording));
    wait(std::max(interval_, seconds / kMostLooking));
  }
  log_.info("made {} forecasts of {}", made_, arguments_.input);
  return guard_.interrupted() ? kInterruptedExitCode : 0;
}

void ForecastWatch::forecast(RadarWatch::Recording recording) {
  // What the model or the options do not fit, they will never fit: that ends the program.
  if (!info_) prepare(recording.source->info());
  try {
    make_forecast(recording);
  } catch (const Error& error) {
    if (output_) output_->abandon();
    log_.warning("no forecast from {}: {}", format_time(recording.time), error.what());
  } catch (const Interrupted&) {
    output_->abandon();  // the loop ends, and what is complete stays
  }
}

void ForecastWatch::make_forecast(RadarWatch::Recording& recording) {
  const ForecastLengths& lengths = choice_.lengths();
  if (!same_fields(*info_, recording.source->info())) prepare(recording.source->info());
  const LastFrames seen = read_last_frames(
      *recording.source, {.count = lengths.context, .gap = lengths.gap, .missing = choice_.missing_frames()});
  const Frame& last = seen.frames.back();
  if (last.time != recording.time || !last.problem.empty()) {
    reject("[forecast] the newest field does not belong to the others: {}", last.problem);
  }
  forecaster_->reset();
  for (const Frame& frame : seen.frames) forecaster_->observe(frame);
  forecaster_->forecast(horizon_, [&](const Frame& frame, std::int64_t lead) {
    stop_if_interrupted(guard_);
    const FrameStamp stamp = stamp_of(*info_, lead, lengths.gap);
    output_->write({.frame = frame, .stamp = stamp, .moment = stamp, .last = &last});
  });
  output_->end_forecast();
  watch_.done(recording.time);
  ++made_;
  log_.info("forecast from {}", format_time(recording.time));
}

void ForecastWatch::prepare(const SourceInfo& info) {
  info_.reset();
  forecaster_.reset();
  output_.reset();
  forecaster_ = choice_.make(info);
  output_ = std::make_unique<ForecastOutput>(
      arguments_,
      OutputSetup{.path = arguments_.output.value_or(default_output(arguments_, info)),
                  .starts = Starts::kMany,
                  .height = arguments_.trained_size ? (*choice_.model()->file.frames.size)[0] : info.height,
                  .width = arguments_.trained_size ? (*choice_.model()->file.frames.size)[1] : info.width,
                  .channels = forecaster_->channels(),
                  .frames = horizon_,
                  .gap = choice_.lengths().gap,
                  .model = choice_.name()},
      info);
  if (!output_->one_each()) reject("[forecast] --watch: every forecast is an output of its own; name a folder with -o");
  info_ = info;
}

void ForecastWatch::wait(double seconds) const {
  const Stopwatch waiting;
  constexpr std::chrono::milliseconds kSlice(20);
  while (!guard_.interrupted() && waiting.seconds() < seconds) std::this_thread::sleep_for(kSlice);
}

}  // namespace nextframe::app
