#include <memory>
#include <optional>
#include <string>

#include "app/commands/baseline_arguments.h"
#include "app/commands/command.h"
#include "app/commands/forecast_run.h"
#include "app/commands/forecast_watch.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/motion_baselines.h"

namespace nextframe::app {
namespace {

class ForecastCommand : public Command {
 public:
  std::string name() const override { return "forecast"; }
  std::string summary() const override {
    return "write the next frames of a video, images, an array, a camera or radar";
  }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Shows a model the last frames of the input and writes the frames that it expects next, at the input's own "
        "size, channels and frame rate. Nothing that comes after the last frame shown is ever read by the model.");
    spec.positional("MODEL", first_, "a .safetensors file, or a run folder: its best model; not with --baseline");
    spec.positional(
        "INPUT", second_,
        "a video, a folder or 'pattern*' of images, .npy or .npz, a camera's number, a stream's address, or a pipe "
        "(/dev/stdin). An array "
        "of "
        "several sequences is forecast sequence by sequence into another array; behind a # stands one of them: "
        "balls.npy#3, archive.npz#rain");
    spec.group("Without a model");
    spec.option("--baseline", "NAME", arguments_.baseline,
                "forecast by one of " + join(baseline_names(all_baselines()), ", "));
    spec.option("--context", "N", arguments_.context, {1, 10000}, "frames that the baseline sees (default 5)");
    spec.option("--baseline-option", "KEY=VALUE", arguments_.baseline_options,
                "of " + baseline_option_names() + "; may be given many times");
    spec.group("Output");
    spec.option(
        "-o,--output", "OUTPUT", arguments_.output,
        "where to; the ending says how: .mp4, .mkv (lossless), .avi (lossless), .gif, .npy, .npz, .nc (radar), or a "
        "folder of png (default: INPUT's name with -forecast, in the present folder; of radar .nc)");
    spec.flag("--overwrite", arguments_.overwrite, "replace an output that exists; the input never is");
    spec.flag("--side-by-side", arguments_.side_by_side,
              "show the input, with --at the truth, and the forecast beside each other");
    spec.group("What to forecast");
    spec.option("--frames", "N", arguments_.frames, {1, 100000},
                "frames to forecast (default: as many as it was trained on; of a baseline 12)");
    spec.option("--at", "MOMENT", arguments_.at,
                "forecast from this frame number, time or date (UTC) on, such as 120, 4.5s, 01:30 or 2010-08-26T05:00, "
                "instead of "
                "from the end");
    spec.option("--every", "N", arguments_.every, {1, 1000000},
                "hindcasts through the whole recording, one every N frames; of radar each in a file of its own, named "
                "by the last field that it saw; evaluate scores them");
    spec.flag(
        "--live", arguments_.live,
        "forecast after every frame, with the state carried along, and write the frame --frames ahead; always so for "
        "cameras and streams, until Ctrl-C");
    spec.option("--limit", "N", arguments_.limit, {1, 1000000000},
                "live: stop after N frames; watching: after N forecasts");
    spec.flag("--trained-size", arguments_.trained_size, "resize the input to the size that the model was trained on");
    spec.flag(
        "--grey", arguments_.grey,
        "a model of one channel on a colour input: forecast its grey alone, instead of red, green and blue one by "
        "one");
    declare_layout(spec, arguments_.layout);
    spec.group("Radar");
    spec.option(
        "--product", "NAME", arguments_.product,
        "what the files are: a row of the table of products, or a .json file with one (default: the model's, or "
        "found by their names and contents)");
    declare_inputs(spec, arguments_.inputs);
    spec.flag("--allow-missing", arguments_.allow_missing,
              "forecast although files that the context needs are missing or cannot be read");
    spec.choice("--unit", arguments_.unit,
                "of the amounts in .nc and GeoTIFF (default mm/h) and arrays (as the input)");
    spec.choice("--format", arguments_.format,
                "what a folder gets: png maps, or one netcdf, mp4 or gif a forecast, or one geotiff a lead time "
                "(default png; of several forecasts netcdf)");
    spec.flag("--mask", arguments_.mask, "forecasts are missing where no field of the context knew anything");
    spec.flag("--probability", arguments_.probability,
              "further variables, bands or maps: the share of the pixels nearby that reach a rate");
    spec.option("--threshold", "LIST", arguments_.thresholds, "those rates in mm/h, such as 1,5 (default 1)");
    spec.option("--radius", "KM", arguments_.radius, "how far away pixels still are nearby (default 10)");
    spec.group("Radar, as it arrives");
    spec.flag("--watch", arguments_.watch,
              "forecast whenever a new file arrives in the folder INPUT, until Ctrl-C; the newest one where several "
              "came; each forecast in a file of its own");
    spec.option("--interval", "SECONDS", arguments_.interval,
                "time between two looks into the folder; a file is read once it stays the same for so long "
                "(default 2)");
    arguments_.compute.declare(spec);
    arguments_.memory.declare(spec);
    spec.example("nextframe forecast runs/holiday holiday.mp4", "the next frames, as holiday-forecast.mp4");
    spec.example("nextframe forecast runs/holiday holiday.mp4 --at 120 --frames 20 --side-by-side -o compare.mp4",
                 "from frame 120 on, beside what really came");
    spec.example("nextframe forecast --baseline extrapolation radar/ --frames 12",
                 "no model: moved on by optical flow");
    spec.example("nextframe forecast runs/knmi radar/ --threshold 1,5 --probability -o tonight.nc",
                 "CF netCDF in mm/h with probabilities; -o tonight.mp4 animates maps");
    spec.example("nextframe forecast runs/knmi radar/ --every 6 -o hindcasts/", "netCDF files, one a start");
    spec.example("nextframe forecast runs/knmi --watch radar/ -o now/", "a forecast for every new file");
    spec.example("nextframe forecast runs/digits digits.npy#3 -o fourth.mp4", "one sequence of an array of many");
    spec.example("nextframe forecast runs/holiday 0 --frames 5 --side-by-side -o camera.mp4", "a camera, until Ctrl-C");
  }

  int run(StderrLog& log) override {
    take_positionals();
    check_combination();
    const InterruptGuard guard;
    try {
      return forecast(guard, log);
    } catch (const Error&) {
      stop_if_interrupted(guard);  // a stream that was given up, waiting for it, is no error
      throw;
    }
  }

 private:
  int forecast(const InterruptGuard& guard, StderrLog& log) {
    if (arguments_.watch) return ForecastWatch(arguments_, guard, log).run();
    ForecastRun run(arguments_, guard, log);
    if (run.is_live()) return run.live();
    if (arguments_.every) return run.hindcasts();
    if (run.of_many()) {
      run.every_sequence();
    } else {
      run.once();
    }
    return 0;
  }

  /// MODEL INPUT, or INPUT alone where a baseline takes the model's place.
  void take_positionals() {
    if (arguments_.baseline) {
      if (second_) {
        reject("[forecast] --baseline {}: takes no model, only INPUT; {} is one too many", *arguments_.baseline,
               *second_);
      }
      arguments_.input = first_;
      return;
    }
    if (!second_) {
      reject(
          "[forecast] INPUT is missing: expected MODEL INPUT, or --baseline NAME INPUT; nextframe forecast --help "
          "shows how");
    }
    arguments_.model = first_;
    arguments_.input = *second_;
  }

  void check_combination() const {
    const std::string for_models = given_among({{"--trained-size", arguments_.trained_size},
                                                {"--grey", arguments_.grey},
                                                {"--input", !arguments_.inputs.empty()},
                                                {"--threads", arguments_.compute.threads != 0},
                                                {"--memory-limit", arguments_.memory.limit.has_value()},
                                                {"--device", arguments_.compute.device != Device::kAuto},
                                                {"--precision", arguments_.compute.precision.has_value()}});
    if (arguments_.baseline && !for_models.empty()) reject("[forecast] {}: for models, not for baselines", for_models);
    const std::string for_baselines = given_among(
        {{"--context", arguments_.context.has_value()}, {"--baseline-option", !arguments_.baseline_options.empty()}});
    if (!arguments_.baseline && !for_baselines.empty()) reject("[forecast] {}: for --baseline only", for_baselines);
    const std::string for_probability =
        given_among({{"--threshold", arguments_.thresholds.has_value()}, {"--radius", arguments_.radius.has_value()}});
    if (!arguments_.probability && !for_probability.empty()) {
      reject("[forecast] {}: for --probability only", for_probability);
    }
    if (arguments_.thresholds) rate_list("[forecast] --threshold", *arguments_.thresholds);
    const std::string for_recordings = given_among(
        {{"--at", arguments_.at.has_value()}, {"--every", arguments_.every.has_value()}, {"--live", arguments_.live}});
    if (arguments_.watch && !for_recordings.empty())
      reject("[forecast] --watch and {} exclude each other", for_recordings);
    if (!arguments_.watch && arguments_.interval) reject("[forecast] --interval: for --watch only");
    if (arguments_.at && arguments_.every) reject("[forecast] --at and --every exclude each other");
    if (arguments_.at) parse_moment(*arguments_.at);
    if (arguments_.every && arguments_.side_by_side) reject("[forecast] --every and --side-by-side exclude each other");
  }

  std::string first_;
  std::optional<std::string> second_;
  ForecastArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_forecast_command() { return std::make_unique<ForecastCommand>(); }

}  // namespace nextframe::app
