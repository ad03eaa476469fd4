#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/last_frames.h"
#include "core/frames/media_sources.h"
#include "core/frames/path_list.h"
#include "core/frames/preprocessing.h"
#include "core/render/frame_writer.h"
#include "core/render/side_by_side.h"
#include "core/train/forecaster.h"
#include "core/train/trained_model.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

struct ForecastArguments {
  std::string model;
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
  ComputeArguments compute;
};

/// "holiday-forecast.mp4" for "clips/holiday.mov", a folder for a folder, an array for an array.
std::string default_output(const ForecastArguments& arguments, const SourceInfo& source) {
  const std::string word = arguments.every ? "-hindcasts" : "-forecast";
  if (source.live) return "live" + word + ".mp4";
  fs::path path = arguments.input;
  if (!path.has_filename()) path = path.parent_path();
  std::error_code error;
  std::string stem = path.stem().string();
  if (is_glob(arguments.input)) stem = path.parent_path().filename().string();
  if (stem.empty() || stem == "." || stem == "..") stem = "input";
  const std::string ending = path.extension().string();
  if (fs::is_directory(arguments.input, error) || is_glob(arguments.input)) return stem + word + "/";
  if (ending == ".npy" || ending == ".npz") return stem + word + ending;
  return stem + word + (arguments.every ? "/" : ".mp4");
}

/// One forecasting run: source, network and writer together.
class ForecastRun {
 public:
  ForecastRun(const ForecastArguments& arguments, const InterruptGuard& guard, StderrLog& log)
      : arguments_(arguments),
        guard_(guard),
        log_(log),
        backend_(arguments.compute.make()),
        model_(load_model(*backend_, arguments.model)),
        source_(open_source(media_sources(), arguments.input)),
        info_(source_->info()),
        horizon_(arguments.frames.value_or(model_.data.horizon)),
        output_(arguments.output.value_or(default_output(arguments, info_))),
        forecaster_(*backend_, model_, info_,
                    arguments.trained_size ? Forecaster::Resize::kAsTrained : Forecaster::Resize::kKeepSize) {
    if (arguments.trained_size && !model_.file.frames.size) {
      reject("[forecast] --trained-size: {} was trained on frames of their own size", arguments.model);
    }
    height_ = arguments.trained_size ? (*model_.file.frames.size)[0] : info_.height;
    width_ = arguments.trained_size ? (*model_.file.frames.size)[1] : info_.width;
    check_not_input();
    make_output();
    if (!arguments.side_by_side && forecaster_.channels() < info_.channels) {
      log_.info("the model forecasts {} of the input's {} channels: the output is {}", forecaster_.channels(),
                info_.channels, forecaster_.channels() == 1 ? "grey" : "without the others");
    }
  }

  void once() {
    LastFramesOptions options;
    options.count = model_.data.context;
    options.gap = model_.data.gap;
    if (arguments_.at) {
      options.at = parse_moment(*arguments_.at);
      options.following = arguments_.side_by_side ? horizon_ : 0;
    }
    const LastFrames seen = read_last_frames(*source_, options);
    for (const Frame& frame : seen.frames) forecaster_.observe(frame);
    if (arguments_.side_by_side) {
      for (std::size_t i = 0; i < seen.frames.size(); ++i) {
        const auto lead = static_cast<std::int64_t>(i + 1) - static_cast<std::int64_t>(seen.frames.size());
        writer_->write(panes_->input(shown(seen.frames[i]), lead), stamp(lead));
      }
    }
    Progress progress({.label = "forecast", .unit = "frame", .total = horizon_});
    const Frame last = shown(seen.frames.back());
    forecaster_.forecast(horizon_, [&](const Frame& frame, std::int64_t lead) {
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

  void hindcasts() {
    Progress progress({.label = "hindcast", .unit = "hindcast"});
    std::int64_t done = 0;
    const HindcastOptions options{
        .every = *arguments_.every, .context = model_.data.context, .gap = model_.data.gap, .horizon = horizon_};
    hindcast(forecaster_, *source_, options, [&](const Hindcast& one) {
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
    log_.info("wrote {} hindcasts of {} frames each to {}", done, horizon_, output_);
  }

  /// The exit code: the end of a stream is an end, an interrupt saves what there is.
  int live() {
    Progress progress({.label = "live", .unit = "frame", .total = arguments_.limit.value_or(0)});
    Frame frame;
    std::int64_t seen = 0;
    std::int64_t written = 0;
    while (!guard_.interrupted() && (!arguments_.limit || written < *arguments_.limit) && source_->next(frame)) {
      if (seen++ % model_.data.gap != 0) continue;
      forecaster_.observe(frame);
      if (forecaster_.observed() < model_.data.context) continue;
      forecaster_.forecast(horizon_, [&](const Frame& predicted, std::int64_t lead) {
        if (lead != horizon_) return;
        FrameStamp at = stamp(++written);
        if (panes_) {
          writer_->write(panes_->forecast(shown(frame), nullptr, predicted, lead, stamp(lead).seconds), at);
        } else {
          writer_->write(predicted, at);
        }
      });
      progress.update(written, format("{} frames ahead", horizon_));
    }
    progress.finish();
    if (written == 0) {
      if (guard_.interrupted()) throw Interrupted{};
      reject("[forecast] {}: ended after {} frames, expected at least {} (data.context)", info_.name, seen,
             model_.data.context * model_.data.gap);
    }
    writer_->close();
    log_.info("wrote {} frames, each {} ahead of the stream, to {}", written, horizon_, output_);
    return guard_.interrupted() ? kInterruptedExitCode : 0;
  }

  bool is_live() const { return arguments_.live || info_.live; }

 private:
  void check_not_input() const {
    if (info_.live) return;
    for (const std::string& path : expand_path(arguments_.input)) {
      std::error_code error;
      const bool same =
          fs::equivalent(output_, path, error) || fs::equivalent(output_, fs::path(path).parent_path(), error);
      if (same) reject("[forecast] {}: the output is the input, or holds it; choose another name", output_);
    }
  }

  void make_output() {
    WriterOptions options;
    options.height = height_;
    options.width = width_;
    options.channels = forecaster_.channels();
    options.frames_per_second = info_.frames_per_second / static_cast<double>(model_.data.gap);
    options.pixel_type = info_.pixel_type;
    options.low = info_.low;
    options.high = info_.high;
    options.sequence_length = arguments_.every ? horizon_ : 0;
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

  void write(const Frame& frame, std::int64_t lead, const Frame& last, const Frame* truth) {
    if (panes_) {
      writer_->write(panes_->forecast(last, truth, frame, lead, stamp(lead).seconds), stamp(lead));
    } else {
      writer_->write(frame, stamp(lead));
    }
  }

  Frame shown(const Frame& frame) const {
    if (frame.height == height_ && frame.width == width_) return frame;
    return resized(frame, height_, width_);
  }

  FrameStamp stamp(std::int64_t lead) const {
    FrameStamp out;
    out.lead_time = lead;
    if (info_.frames_per_second > 0) {
      out.seconds = static_cast<double>(lead * model_.data.gap) / info_.frames_per_second;
    }
    return out;
  }

  const ForecastArguments& arguments_;
  const InterruptGuard& guard_;
  StderrLog& log_;
  std::unique_ptr<Backend> backend_;
  TrainedModel model_;
  std::unique_ptr<FrameSource> source_;
  SourceInfo info_;
  std::int64_t horizon_;
  std::string output_;
  Forecaster forecaster_;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  std::optional<SideBySide> panes_;
  std::unique_ptr<FrameWriter> writer_;
};

class ForecastCommand : public Command {
 public:
  std::string name() const override { return "forecast"; }
  std::string summary() const override { return "write the next frames of a video, images, an array or a camera"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Shows a model the last frames of the input and writes the frames that it expects next, at the input's own "
        "size and "
        "frame rate. Nothing that comes after the last frame shown is ever read by the model.");
    spec.positional("MODEL", arguments_.model, "a .safetensors file, or a run folder: its best model");
    spec.positional(
        "INPUT", arguments_.input,
        "a video, a folder or 'pattern*' of images, .npy or .npz, a camera's number, or a stream's address");
    spec.group("Output");
    spec.option(
        "-o,--output", "OUTPUT", arguments_.output,
        "where to; the ending says how: .mp4, .mkv (lossless), .avi (lossless), .gif, .npy, .npz, or a folder of png "
        "(default: INPUT's name with -forecast, in the present folder)");
    spec.flag("--overwrite", arguments_.overwrite, "replace an output that exists; the input never is");
    spec.flag("--side-by-side", arguments_.side_by_side,
              "show the input, with --at the truth, and the forecast beside each other");
    spec.group("What to forecast");
    spec.option("--frames", "N", arguments_.frames, {1, 100000},
                "frames to forecast (default: as many as it was trained on)");
    spec.option("--at", "MOMENT", arguments_.at,
                "forecast from this frame number or time on, such as 120, 4.5s or 01:30, instead of from the end");
    spec.option("--every", "N", arguments_.every, {1, 1000000},
                "hindcasts through the whole recording, one every N frames; evaluate scores them");
    spec.flag(
        "--live", arguments_.live,
        "forecast after every frame, with the state carried along, and write the frame --frames ahead; always so for "
        "cameras and streams, until Ctrl-C");
    spec.option("--limit", "N", arguments_.limit, {1, 1000000000}, "live: stop after N frames");
    spec.flag("--trained-size", arguments_.trained_size, "resize the input to the size that the model was trained on");
    arguments_.compute.declare(spec);
    spec.example("nextframe forecast runs/holiday holiday.mp4", "the next frames, as holiday-forecast.mp4");
    spec.example("nextframe forecast runs/holiday holiday.mp4 --at 120 --frames 20 --side-by-side -o compare.mp4",
                 "from frame 120 on, beside what really came");
    spec.example("nextframe forecast runs/holiday 0 --frames 5 --side-by-side -o camera.mp4", "a camera, until Ctrl-C");
  }

  int run(StderrLog& log) override {
    check_combination();
    const InterruptGuard guard;
    ForecastRun run(arguments_, guard, log);
    if (run.is_live()) {
      if (arguments_.at || arguments_.every) reject("[forecast] --at and --every need a recording, not a live input");
      return run.live();
    }
    if (arguments_.limit) reject("[forecast] --limit is for live inputs; --frames says how many frames to forecast");
    if (arguments_.every) {
      run.hindcasts();
    } else {
      run.once();
    }
    return 0;
  }

 private:
  void check_combination() const {
    if (arguments_.at && arguments_.every) reject("[forecast] --at and --every exclude each other");
    if (arguments_.at) parse_moment(*arguments_.at);
    if (arguments_.every && arguments_.side_by_side) reject("[forecast] --every and --side-by-side exclude each other");
  }

  ForecastArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_forecast_command() { return std::make_unique<ForecastCommand>(); }

}  // namespace nextframe::app
