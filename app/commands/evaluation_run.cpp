#include "app/commands/evaluation_run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include "app/commands/baseline_arguments.h"
#include "app/values.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/extrapolation_guide.h"
#include "core/baselines/motion_baselines.h"
#include "core/config/config.h"
#include "core/config/document.h"
#include "core/frames/input_fields.h"
#include "core/frames/media_sources.h"
#include "core/frames/path_list.h"
#include "core/metrics/metric_table.h"
#include "core/train/memory_limit.h"
#include "core/train/model_entrant.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// Sequences of which maps are drawn.
constexpr std::int64_t kSamples = 2;

bool is_model(const fs::path& path) {
  std::error_code error;
  return path.extension() == ".safetensors" || fs::exists(path / "best.safetensors", error) ||
         fs::exists(path / "last.safetensors", error);
}

bool is_config(const fs::path& path) { return path.extension() == ".json"; }

/// What their run folders or files are called, told apart where that is the same.
std::vector<std::string> model_names(const std::vector<TrainedModel>& models) {
  std::vector<std::string> names;
  for (const TrainedModel& model : models) {
    const fs::path path = fs::absolute(model.path).lexically_normal();
    const std::string stem = path.stem().string();
    const std::string name = stem == "best" || stem == "last" ? path.parent_path().filename().string() : stem;
    std::string own = name;
    for (int number = 2; std::ranges::find(names, own) != names.end(); ++number) own = format("{} ({})", name, number);
    names.push_back(std::move(own));
  }
  return names;
}

class EvaluationRun {
 public:
  EvaluationRun(const EvaluateArguments& arguments, const InterruptGuard& guard, StderrLog& log)
      : arguments_(arguments), guard_(guard), log_(log) {}

  Findings run() const {
    if (!arguments_.also.empty() && !is_model(arguments_.subject)) {
      reject("[evaluate] --also: for models only, but {} is none", arguments_.subject);
    }
    if (is_model(arguments_.subject)) return score_models();
    if (is_config(arguments_.subject)) return score_baselines();
    return score_written();
  }

 private:
  ScoreSelection selection() const {
    ScoreSelection selection;
    for (const std::string& name : parse_list(arguments_.metrics)) {
      if (!is_curve(name)) selection.metrics.push_back(name);
    }
    for (const std::string& text : parse_list(arguments_.thresholds)) {
      selection.thresholds.push_back(parse_number("--thresholds", text));
    }
    if (!arguments_.windows.empty()) selection.windows.clear();
    for (const std::string& text : parse_list(arguments_.windows)) {
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
    const std::vector<std::string> names = parse_list(arguments_.metrics);
    CurveOptions options;
    for (const CurveEntry& curve : kCurves) {
      options.*curve.wanted =
          arguments_.plots || arguments_.report || std::ranges::find(names, curve.name) != names.end();
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
                                           {"--input", !arguments_.inputs.empty()},
                                           {"--threads", arguments_.compute.threads != 0},
                                           {"--memory-limit", arguments_.memory.limit.has_value()},
                                           {"--device", arguments_.compute.device != Device::kAuto},
                                           {"--precision", arguments_.compute.precision.has_value()}});
    if (given.empty()) return;
    reject("[evaluate] {}: for models only, but {} is none: it is scored as written forecasts", given,
           arguments_.subject);
  }

  Findings score_models() const {
    refuse_options_for_written();
    const std::unique_ptr<Backend> backend = arguments_.compute.make();
    std::vector<std::string> paths{arguments_.subject};
    paths.insert(paths.end(), arguments_.also.begin(), arguments_.also.end());
    std::vector<TrainedModel> models;
    for (const std::string& path : paths) {
      models.push_back(load_model(*backend, path, arguments_.compute.precision));
      report_precision(models.back().precision, *backend, log_);
      check_comparable(models.back(), models.front());
    }
    DecodeDisplay display(guard_);
    const DataSet data(data_options(models.front()), media_sources(), log_, display.observer());
    EvaluateOptions options = evaluate_options();
    const std::vector<std::string> own_names = model_names(models);
    const std::vector<std::string> names = models.size() == 1 ? std::vector<std::string>{"model"} : own_names;
    std::vector<NamedModel> named;
    for (std::size_t i = 0; i < models.size(); ++i) {
      fit_memory(*backend, models[i], data, options.batch);
      named.push_back({names[i], models[i]});
    }
    Findings found =
        collect(data, options, names, [&] { return evaluate_models(*backend, named, data, options, log_); });
    std::vector<std::string> subjects;
    for (const TrainedModel& model : models) {
      found.configurations.emplace_back(model.path, model.file.config);
      subjects.push_back(model.path);
    }
    found.evaluation.name = join(subjects, ", ");
    found.title = join(own_names, ", ");
    return found;
  }

  void fit_memory(Backend& backend, TrainedModel& model, const DataSet& data, std::int64_t batch) const {
    const std::optional<std::int64_t> limit = arguments_.memory.bytes();
    if (!limit) return;
    const ForecastFit fit = fit_forecast(backend, model.options, model.precision,
                                         {.arrival = ForecastShape::Arrival::kTogether,
                                          .sequences = sequences_at_once(batch, data),
                                          .context = data.options().context,
                                          .horizon = data.options().horizon,
                                          .height = data.height(),
                                          .width = data.width(),
                                          .channels = channels_of(model.file.frames)},
                                         limit);
    model.network->set_execution(fit.execution);
    log_.info("{}", fit.chosen);
  }

  /// Baselines alone, on a configuration's data.
  Findings score_baselines() const {
    refuse_options_for_written();
    if (arguments_.layout != ArrayLayout::kAuto) {
      reject("[evaluate] --layout: {} is a configuration, which has data.sources.layout", arguments_.subject);
    }
    if (arguments_.data) {
      reject("[evaluate] {} is a configuration, whose data the baselines are scored on; {} is one too many",
             arguments_.subject, *arguments_.data);
    }
    if (!arguments_.inputs.empty()) {
      reject("[evaluate] --input: for models only, but {} is a configuration", arguments_.subject);
    }
    if (arguments_.memory.limit) {
      reject("[evaluate] --memory-limit: for models only, but {} is a configuration", arguments_.subject);
    }
    DataOptions data_options = load_config(arguments_.subject, arguments_.overrides).data;
    data_options.crop.reset();
    DecodeDisplay display(guard_);
    const DataSet data(data_options, media_sources(), log_, display.observer());
    EvaluateOptions options = evaluate_options();
    Findings found = collect(data, options, {}, [&] { return evaluate_baselines(data, options); });
    found.title = "baselines on " + fs::path(arguments_.subject).stem().string();
    return found;
  }

  EvaluateOptions evaluate_options() const {
    EvaluateOptions options;
    options.baseline_table = all_baselines();
    options.guides = make_extrapolation_guide;
    options.baselines = parse_list(arguments_.baselines);
    options.baseline_options = baseline_options(arguments_.baseline_options);
    options.scores = selection();
    options.split = arguments_.split.value_or(options.split);
    options.batch = arguments_.batch.value_or(options.batch);
    options.limit = arguments_.limit.value_or(options.limit);
    options.between_batches = [this] { stop_if_interrupted(guard_); };
    return options;
  }

  /// What says which sequences are best and worst.
  std::string ranking_score(const ScoreSelection& scores, FieldKind kind) const {
    if (!arguments_.rank_by.empty()) return arguments_.rank_by;
    for (const std::string& name : with_usual_metrics(scores, kind).metrics) {
      if (find_metric(name).ranks()) return name;
    }
    return "mse";
  }

  GalleryKeeper gallery_keeper(const ScoreSelection& scores, FieldKind kind, std::vector<std::string> names) const {
    return GalleryKeeper({.score = ranking_score(scores, kind),
                          .scores = with_usual_metrics(scores, kind),
                          .kind = kind,
                          .forecasters = std::move(names),
                          .films = arguments_.report ? KeepFilms::kYes : KeepFilms::kNo});
  }

  /// Runs `evaluate`, which uses `options`, and keeps what curves and pictures need besides. `names`: of the models.
  Findings collect(const DataSet& data, EvaluateOptions& options, std::vector<std::string> names,
                   const std::function<Evaluation()>& evaluate) const {
    names.insert(names.end(), options.baselines.begin(), options.baselines.end());
    const FieldKind kind = ScoreScales(frame_format_of(data, {})).kind();
    CurveCollector curves(names, data.options().horizon, curve_options(data, options.scores));
    SampleKeeper samples(arguments_.plots ? kSamples : 0);
    GalleryKeeper gallery = gallery_keeper(options.scores, kind, names);
    options.visit = [&](const ScoredSequence& sequence) {
      curves.add(sequence.values);
      samples.add(sequence.number, sequence.values);
      gallery.add(sequence);
    };
    Findings found{.evaluation = evaluate()};
    found.curves = curves.curves();
    found.samples = samples.samples();
    found.pictures.kind = kind;
    for (const SampleKeeper::Sample& sample : found.samples) {
      found.pictures.captions.push_back(place_of(data, options.split, sample.window));
    }
    found.gallery = gallery.gallery();
    found.context = data.options().context;
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
      if (data.inputs.empty()) data.inputs = model.data.inputs;
      data.mask_channel = model.data.mask_channel;
      set_input_paths(data.inputs, arguments_.inputs);
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
    set_input_paths(data.inputs, arguments_.inputs);
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
    // How it was trained does not matter here, and an older version may have named it otherwise.
    if (arguments_.overrides.empty()) return model.data;
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

  Findings score_written() const {
    std::error_code error;
    if (!is_glob(arguments_.subject) && !fs::exists(parse_array_path(arguments_.subject).file, error)) {
      reject("[evaluate] {}: no such file or folder", arguments_.subject);
    }
    if (!arguments_.data) {
      reject("[evaluate] {}: is no model, so the frames that came (TRUTH) are needed as well", arguments_.subject);
    }
    refuse_options_for_models();
    const std::vector<std::string> names = parse_list(arguments_.metrics);
    if (const auto curve = std::ranges::find_if(names, is_curve); curve != names.end()) {
      reject("[evaluate] --metrics {}: for models only", *curve);
    }
    ScoreOptions options;
    options.scores = selection();
    options.first_frame = arguments_.first_frame;
    options.every = arguments_.every.value_or(options.every);
    options.gap = arguments_.gap.value_or(options.gap);
    options.between_sequences = [this] { stop_if_interrupted(guard_); };
    options.persistence = false;
    for (const std::string& baseline : parse_list(arguments_.baselines)) {
      if (baseline != "persistence") {
        reject("[evaluate] --baselines {}: for models only; beside written forecasts there is persistence alone",
               baseline);
      }
      options.persistence = true;
    }
    // Made with the first sequence, which tells rain from pictures.
    std::optional<GalleryKeeper> gallery;
    std::vector<std::string> shown{"forecast"};
    if (options.persistence) shown.emplace_back("persistence");
    FieldKind kind = FieldKind::kPicture;
    options.visit = [&](const ScoredSequence& sequence) {
      kind = sequence.context.kind;
      if (!gallery) gallery.emplace(gallery_keeper(options.scores, kind, shown));
      gallery->add(sequence);
    };
    Findings found{.evaluation = score_forecasts(media_sources(), arguments_.subject, *arguments_.data, options)};
    found.title = arguments_.subject;
    found.context = options.persistence ? 1 : 0;
    if (gallery) found.gallery = gallery->gallery();
    found.pictures.kind = kind;
    return found;
  }

  const EvaluateArguments& arguments_;
  const InterruptGuard& guard_;
  StderrLog& log_;
};

}  // namespace

Findings evaluate(const EvaluateArguments& arguments, const InterruptGuard& guard, StderrLog& log) {
  return EvaluationRun(arguments, guard, log).run();
}

std::string score_names() {
  std::vector<std::string> names;
  for (const MetricEntry& metric : kMetrics) names.emplace_back(metric.name);
  for (const CurveEntry& curve : kCurves) names.emplace_back(curve.name);
  return join(names, ", ");
}

}  // namespace nextframe::app
