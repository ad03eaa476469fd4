#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/commands/baseline_arguments.h"
#include "app/commands/command.h"
#include "app/commands/evaluation_report.h"
#include "app/commands/run_support.h"
#include "app/output.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/extrapolation_guide.h"
#include "core/baselines/motion_baselines.h"
#include "core/config/config.h"
#include "core/config/document.h"
#include "core/frames/media_sources.h"
#include "core/frames/path_list.h"
#include "core/metrics/bootstrap.h"
#include "core/metrics/metric_table.h"
#include "core/train/curves.h"
#include "core/train/evaluation_pictures.h"
#include "core/train/evaluator.h"
#include "core/train/memory_limit.h"
#include "core/train/run_folder.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// Sequences of which maps are drawn.
constexpr std::int64_t kSamples = 2;

struct EvaluateArguments {
  std::string subject;
  std::optional<std::string> data;
  std::string baselines = "persistence";
  std::vector<std::string> baseline_options;
  std::string metrics;
  std::string thresholds;
  std::string windows;
  std::string csi_level;
  std::optional<std::string> csv;
  std::optional<std::string> plots;
  std::vector<std::string> overrides;
  std::optional<Split> split;
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> first_frame;
  std::optional<std::int64_t> every;
  std::optional<std::int64_t> gap;
  ArrayLayout layout = ArrayLayout::kAuto;
  bool json = false;
  ComputeArguments compute;
  MemoryArguments memory;
};

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& name : split(text, ',')) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

bool is_model(const fs::path& path) {
  std::error_code error;
  return path.extension() == ".safetensors" || fs::exists(path / "best.safetensors", error) ||
         fs::exists(path / "last.safetensors", error);
}

bool is_config(const fs::path& path) { return path.extension() == ".json"; }

/// Everything that an evaluation found.
struct Findings {
  Evaluation evaluation;
  EvaluationCurves curves = {};
  std::vector<SampleKeeper::Sample> samples = {};
  EvaluationPictureOptions pictures = {};
};

class EvaluateCommand : public Command {
 public:
  std::string name() const override { return "evaluate"; }
  std::string summary() const override { return "score a model, baselines or written forecasts side by side"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Scores a model on frames that it has not seen, or written forecasts (ours or anybody's) against the frames "
        "that came, for "
        "each lead time and beside baselines. Rain is scored in mm/h, everything else scaled to 0..1; pixels that not "
        "all "
        "of the forecasters and the truth know count for nothing.");
    spec.positional(
        "MODEL|CONFIG|FORECASTS", arguments_.subject,
        "a .safetensors file or run folder; a .json configuration: baselines alone on its data; or a video, "
        "folder or array of forecasts");
    spec.positional("DATA|TRUTH", arguments_.data,
                    "for a model: a recording, of which every frame is tested, or a configuration, of whose data the "
                    "test split is; "
                    "default: the test split of the model's own data. For forecasts: the frames that came");
    spec.group("What to score");
    spec.option("--baselines", "LIST", arguments_.baselines,
                "of " + join(baseline_names(all_baselines()), ", ") +
                    " (default persistence; beside written forecasts persistence alone, \"\" for none)");
    spec.option("--metrics", "LIST", arguments_.metrics, "of " + metric_names() + " (default: the usual ones)");
    spec.option("--thresholds", "LIST", arguments_.thresholds,
                "values, such as 0.5,1,5: scores of events count where a value is at least one of them; of radar in "
                "mm/h (default "
                "0.5,1,5), else 0..1");
    spec.option("--windows", "LIST", arguments_.windows, "sides of the windows of fss in pixels (default 5,17,33)");
    spec.option("--csi-level", "CSI", arguments_.csi_level,
                "tell until which lead time each stays at or above it (default 0.5)");
    spec.group("Models and baselines: what to score them on");
    spec.option("--baseline-option", "KEY=VALUE", arguments_.baseline_options,
                "of " + baseline_option_names() + "; may be given many times");
    spec.choice("--split", arguments_.split, "the part of the data to score on (default test)");
    spec.option("--limit", "N", arguments_.limit, {1, 1000000000}, "at most N sequences, evenly spread (default all)");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of DATA's configuration, or of the model's own; may be given many times");
    spec.option("--batch", "N", arguments_.batch, {1, 65536},
                "sequences that go through the network together, at most (default 8); fewer of large frames");
    declare_layout(spec, arguments_.layout);
    spec.group("Written forecasts only: where they begin");
    spec.option(
        "--first-frame", "N", arguments_.first_frame, {},
        "the frame of TRUTH that the first forecast frame stands for; the names in a folder of hindcasts tell it");
    spec.option("--every", "N", arguments_.every, {1, 1000000},
                "arrays of many forecasts: frames of TRUTH from the start of one to that of the next (default 1)");
    spec.option("--gap", "N", arguments_.gap, {1, 1000000},
                "frames of TRUTH from one lead time to the next (default 1)");
    spec.group("Options");
    spec.flag("--json", arguments_.json, "print one JSON document");
    spec.option("--csv", "FILE", arguments_.csv, "write every score at every lead time to a table");
    spec.option("--plots", "DIR", arguments_.plots,
                "draw the scores by lead time and a performance diagram; of models spectra, reliability and maps, too");
    arguments_.compute.declare(spec);
    arguments_.memory.declare(spec);
    spec.example("nextframe evaluate runs/digits", "the test split of what it was trained on");
    spec.example("nextframe evaluate runs/holiday other.mp4 --baselines persistence,mean --json",
                 "a recording it never saw");
    spec.example("nextframe evaluate rain.json --baselines persistence,extrapolation,sprog --thresholds 0.5,1,5",
                 "what costs nothing, on the test split of a configuration");
    spec.example("nextframe evaluate holiday-hindcasts/ holiday.mp4", "written forecasts against what came");
    spec.example("nextframe evaluate digits-forecast.npy digits.npy --first-frame 10",
                 "an array of many forecasts, each against its own sequence, from frame 10 on");
  }

  int run(StderrLog& log) override {
    const ReportOptions report{.width = static_cast<std::size_t>(std::max(60, stdout_columns() - 1)),
                               .csi_level = csi_level()};
    std::optional<AtomicFile> csv;
    if (arguments_.csv) csv.emplace(*arguments_.csv);
    if (arguments_.plots) check_folder(*arguments_.plots);
    const InterruptGuard guard;
    const Findings found = is_model(arguments_.subject)    ? score_model(guard, log)
                           : is_config(arguments_.subject) ? score_baselines(guard, log)
                                                           : score_written(guard);
    if (csv) {
      csv->write(report_csv(found.evaluation));
      csv->commit();
    }
    if (arguments_.plots) {
      make_folder(*arguments_.plots);
      for (const fs::path& file :
           draw_evaluation(*arguments_.plots, found.evaluation, found.curves, found.samples, found.pictures)) {
        log.info("drew {}", file.string());
      }
    }
    if (arguments_.json) {
      print_json(report_json(found.evaluation, found.curves, report));
    } else {
      print_result(report_text(found.evaluation, found.curves, report));
    }
    return 0;
  }

 private:
  static std::string metric_names() {
    std::vector<std::string> names;
    for (const MetricEntry& metric : kMetrics) names.emplace_back(metric.name);
    for (const CurveEntry& curve : kCurves) names.emplace_back(curve.name);
    return join(names, ", ");
  }

  /// Whether it can be made, found out before the scores are worked out, and without making it.
  static void check_folder(const std::string& path) {
    std::error_code error;
    fs::path there = fs::absolute(path, error);
    while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
    if (!fs::is_directory(there, error)) reject("[evaluate] --plots {}: {} is no folder", path, there.string());
    if (::access(there.c_str(), W_OK) != 0) {
      reject("[evaluate] --plots {}: nothing can be written into {}", path, there.string());
    }
  }

  static void make_folder(const std::string& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) reject("[evaluate] --plots {}: cannot be made: {}", path, error.message());
  }

  double csi_level() const {
    return arguments_.csi_level.empty() ? ReportOptions().csi_level : parse_number("--csi-level", arguments_.csi_level);
  }

  ScoreSelection selection() const {
    ScoreSelection selection;
    for (const std::string& name : list_of(arguments_.metrics)) {
      if (!is_curve(name)) selection.metrics.push_back(name);
    }
    for (const std::string& text : list_of(arguments_.thresholds)) {
      selection.thresholds.push_back(parse_number("--thresholds", text));
    }
    if (!arguments_.windows.empty()) selection.windows.clear();
    for (const std::string& text : list_of(arguments_.windows)) {
      selection.windows.push_back(parse_whole("--windows", text, {1, 100000}));
    }
    for (const std::string& name : selection.metrics) find_metric(name);
    return selection;
  }

  static bool is_curve(const std::string& name) {
    return std::any_of(kCurves.begin(), kCurves.end(), [&](const CurveEntry& curve) { return curve.name == name; });
  }

  /// The curves that --metrics names, and all of them where they are to be drawn.
  CurveOptions curve_options(const DataSet& data, const ScoreSelection& scores) const {
    const std::vector<std::string> names = list_of(arguments_.metrics);
    CurveOptions options;
    for (const CurveEntry& curve : kCurves) {
      options.*curve.wanted = arguments_.plots.has_value() || std::ranges::find(names, curve.name) != names.end();
    }
    options.kind = ScoreScales(frame_format_of(data, {})).kind();
    options.thresholds = with_usual_metrics(scores, options.kind).thresholds;
    return options;
  }

  void refuse_options_for_written() const {
    const std::string given = given_among({{"--first-frame", arguments_.first_frame.has_value()},
                                           {"--every", arguments_.every.has_value()},
                                           {"--gap", arguments_.gap.has_value()}});
    if (given.empty()) return;
    reject("[evaluate] {}: for written forecasts only, but {} is a {}", given, arguments_.subject,
           is_config(arguments_.subject) ? "configuration" : "model");
  }

  void refuse_options_for_models() const {
    const std::string given = given_among({{"--split", arguments_.split.has_value()},
                                           {"--set", !arguments_.overrides.empty()},
                                           {"--baseline-option", !arguments_.baseline_options.empty()},
                                           {"--limit", arguments_.limit.has_value()},
                                           {"--batch", arguments_.batch.has_value()},
                                           {"--layout", arguments_.layout != ArrayLayout::kAuto},
                                           {"--threads", arguments_.compute.threads != 0},
                                           {"--memory-limit", arguments_.memory.limit.has_value()},
                                           {"--device", arguments_.compute.device != Device::kAuto},
                                           {"--precision", arguments_.compute.precision.has_value()}});
    if (given.empty()) return;
    reject("[evaluate] {}: for models only, but {} is none: it is scored as written forecasts", given,
           arguments_.subject);
  }

  Findings score_model(const InterruptGuard& guard, StderrLog& log) const {
    refuse_options_for_written();
    const std::unique_ptr<Backend> backend = arguments_.compute.make();
    TrainedModel model = load_model(*backend, arguments_.subject, arguments_.compute.precision);
    report_precision(model.precision, *backend, log);
    DecodeDisplay display(guard);
    const DataSet data(data_options(model), media_sources(), log, display.observer());
    EvaluateOptions options = evaluate_options(guard);
    if (const std::optional<std::int64_t> limit = arguments_.memory.bytes()) {
      const ForecastFit fit = fit_forecast(*backend, model.options, model.precision,
                                           {.arrival = ForecastShape::Arrival::kTogether,
                                            .sequences = sequences_at_once(options.batch, data),
                                            .context = data.options().context,
                                            .horizon = data.options().horizon,
                                            .height = data.height(),
                                            .width = data.width(),
                                            .channels = channels_of(model.file.frames)},
                                           limit);
      model.network->set_execution(fit.execution);
      log.info("{}", fit.chosen);
    }
    return collect(data, options, "model", [&] { return evaluate_model(*backend, model, data, options, log); });
  }

  /// Baselines alone, on a configuration's data.
  Findings score_baselines(const InterruptGuard& guard, StderrLog& log) const {
    refuse_options_for_written();
    if (arguments_.layout != ArrayLayout::kAuto) {
      reject("[evaluate] --layout: {} is a configuration, which has data.sources.layout", arguments_.subject);
    }
    if (arguments_.data) {
      reject("[evaluate] {} is a configuration, whose data the baselines are scored on; {} is one too many",
             arguments_.subject, *arguments_.data);
    }
    if (arguments_.memory.limit) {
      reject("[evaluate] --memory-limit: for models only, but {} is a configuration", arguments_.subject);
    }
    DataOptions data_options = load_config(arguments_.subject, arguments_.overrides).data;
    data_options.crop.reset();
    DecodeDisplay display(guard);
    const DataSet data(data_options, media_sources(), log, display.observer());
    EvaluateOptions options = evaluate_options(guard);
    return collect(data, options, {}, [&] { return evaluate_baselines(data, options); });
  }

  EvaluateOptions evaluate_options(const InterruptGuard& guard) const {
    EvaluateOptions options;
    options.baseline_table = all_baselines();
    options.guides = make_extrapolation_guide;
    options.baselines = list_of(arguments_.baselines);
    options.baseline_options = baseline_options(arguments_.baseline_options);
    options.scores = selection();
    options.split = arguments_.split.value_or(options.split);
    options.batch = arguments_.batch.value_or(options.batch);
    options.limit = arguments_.limit.value_or(options.limit);
    options.between_batches = [&guard] { stop_if_interrupted(guard); };
    return options;
  }

  static SampleCaption caption_of(const DataSet& data, Split split, std::int64_t number) {
    SampleCaption caption{.title = data.describe(split, number)};
    if (data.generated() || data.frames_per_second() <= 0) return caption;
    const Window window = data.window(split, number);
    const UtcSeconds start = data.clips()[static_cast<std::size_t>(window.clip)].start_time;
    if (start == kNoTime) return caption;
    const std::int64_t last_seen = window.first + (data.options().context - 1) * data.options().gap;
    caption.last_seen = start + std::llround(static_cast<double>(last_seen) / data.frames_per_second());
    return caption;
  }

  /// Runs `evaluate`, which uses `options`, and keeps what curves and pictures need besides. `model`: its name, if any.
  Findings collect(const DataSet& data, EvaluateOptions& options, const std::optional<std::string>& model,
                   const std::function<Evaluation()>& evaluate) const {
    std::vector<std::string> names = options.baselines;
    if (model) names.insert(names.begin(), *model);
    CurveCollector curves(names, data.options().horizon, curve_options(data, options.scores));
    SampleKeeper samples(arguments_.plots ? kSamples : 0);
    options.visit = [&](std::int64_t window, std::span<const ForecastBatch> forecasts) {
      curves.add(forecasts);
      samples.add(window, forecasts);
    };
    Findings found{.evaluation = evaluate()};
    found.curves = curves.curves();
    found.samples = samples.samples();
    found.pictures.kind = ScoreScales(frame_format_of(data, {})).kind();
    for (const SampleKeeper::Sample& sample : found.samples) {
      found.pictures.captions.push_back(caption_of(data, options.split, sample.window));
    }
    return found;
  }

  /// What DATA names, prepared as the model was trained, but whole frames.
  DataOptions data_options(const TrainedModel& model) const {
    if (!arguments_.data || fs::path(*arguments_.data).extension() == ".json") {
      if (arguments_.layout != ArrayLayout::kAuto) {
        reject("[evaluate] --layout: is for DATA that is an array; a configuration has data.sources.layout");
      }
      DataOptions data = arguments_.data ? load_config(*arguments_.data, arguments_.overrides).data : own_data(model);
      data.crop.reset();
      data.sampling = {};
      use_normalisation(data, model);
      return data;
    }
    const std::string given =
        given_among({{"--set", !arguments_.overrides.empty()}, {"--split", arguments_.split.has_value()}});
    if (!given.empty()) {
      reject("[evaluate] {}: needs a configuration; of the recording {} every frame is tested", given,
             *arguments_.data);
    }
    DataOptions data = model.data;
    data.sources.assign(1, input_options(model, *arguments_.data));
    data.sources.front().layout = arguments_.layout;
    data.split = SplitOptions{};
    data.split.train = 0;
    data.split.validation = 0;
    data.split.test = 1;
    data.crop.reset();
    data.sampling = {};
    data.augment.clear();
    // Floats are taken at their word, on the model's scale. Integers keep the range of their type: 8 and 16 bits show the
    // same pictures on another scale, and evaluate_model() knows both.
    const std::vector<ClipReference> clips = list_clips(media_sources(), data.sources.front());
    if (clips.front().open()->info().pixel_type == PixelType::kFloat32) {
      use_normalisation(data, model);
    } else {
      data.normalise = NormaliseOptions{};
    }
    return data;
  }

  DataOptions own_data(const TrainedModel& model) const {
    json::Value document = model.file.config;
    for (const std::string& assignment : arguments_.overrides) apply_override(document, assignment);
    return config_from_json(document, "[evaluate] " + model.path).data;
  }

  /// The values that are 0 and 1 to the network are the model's, whatever range the data would have chosen.
  static void use_normalisation(DataOptions& data, const TrainedModel& model) {
    const Normalisation& known = model.file.frames.normalisation;
    data.normalise.by = NormaliseBy::kRange;
    data.normalise.low = known.offset;
    data.normalise.high = known.offset + known.scale;
  }

  Findings score_written(const InterruptGuard& guard) const {
    std::error_code error;
    if (!is_glob(arguments_.subject) && !fs::exists(parse_array_path(arguments_.subject).file, error)) {
      reject("[evaluate] {}: no such file or folder", arguments_.subject);
    }
    if (!arguments_.data) {
      reject("[evaluate] {}: is no model, so the frames that came (TRUTH) are needed as well", arguments_.subject);
    }
    refuse_options_for_models();
    const std::vector<std::string> names = list_of(arguments_.metrics);
    if (const auto curve = std::ranges::find_if(names, is_curve); curve != names.end()) {
      reject("[evaluate] --metrics {}: for models only", *curve);
    }
    ScoreOptions options;
    options.scores = selection();
    options.first_frame = arguments_.first_frame;
    options.every = arguments_.every.value_or(options.every);
    options.gap = arguments_.gap.value_or(options.gap);
    options.between_sequences = [&guard] { stop_if_interrupted(guard); };
    options.persistence = false;
    for (const std::string& baseline : list_of(arguments_.baselines)) {
      if (baseline != "persistence") {
        reject("[evaluate] --baselines {}: for models only; beside written forecasts there is persistence alone",
               baseline);
      }
      options.persistence = true;
    }
    return {.evaluation = score_forecasts(media_sources(), arguments_.subject, *arguments_.data, options)};
  }

  EvaluateArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate_command() { return std::make_unique<EvaluateCommand>(); }

}  // namespace nextframe::app
