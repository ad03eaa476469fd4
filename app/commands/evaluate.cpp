#include <algorithm>
#include <cmath>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "app/output.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/motion_baselines.h"
#include "core/config/config.h"
#include "core/config/document.h"
#include "core/frames/media_sources.h"
#include "core/metrics/bootstrap.h"
#include "core/metrics/metric_table.h"
#include "core/train/evaluator.h"
#include "core/train/run_folder.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

struct EvaluateArguments {
  std::string subject;
  std::optional<std::string> data;
  std::string baselines = "persistence";
  std::string metrics;
  std::vector<std::string> overrides;
  std::optional<Split> split;
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> first_frame;
  std::optional<std::int64_t> every;
  std::optional<std::int64_t> gap;
  bool json = false;
  ComputeArguments compute;
};

std::vector<std::string> list_of(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& name : split(text, ',')) {
    if (!name.empty()) names.push_back(name);
  }
  return names;
}

/// An option, and whether it was given.
struct GivenOption {
  const char* name;
  bool given;
};

/// Names those that were given, if any: "--every, --gap".
std::string given_among(std::initializer_list<GivenOption> options) {
  std::vector<std::string> names;
  for (const GivenOption& option : options) {
    if (option.given) names.emplace_back(option.name);
  }
  return join(names, ", ");
}

bool is_model(const fs::path& path) {
  std::error_code error;
  return path.extension() == ".safetensors" || fs::exists(path / "best.safetensors", error) ||
         fs::exists(path / "last.safetensors", error);
}

std::string number(double value, const char* units) {
  if (!std::isfinite(value)) return "-";
  return std::string(units) == "dB" ? format("{:.2f}", value) : format("{:.5g}", value);
}

std::string units_of(const std::string& metric) { return std::string(find_metric(metric).units); }

/// One column of the table per lead time.
struct Column {
  std::string title;
  std::vector<std::string> cells;
};

std::vector<Column> columns_of(const Evaluation& evaluation) {
  std::vector<Column> columns;
  for (std::size_t m = 0; m < evaluation.forecasters.front().metrics.size(); ++m) {
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores& scores = forecaster.metrics[m];
      Column column{scores.metric + " " + forecaster.name, {}};
      const std::string units = units_of(scores.metric);
      for (const double value : scores.by_lead_time) column.cells.push_back(number(value, units.c_str()));
      column.cells.push_back(number(scores.mean, units.c_str()));
      columns.push_back(std::move(column));
    }
  }
  return columns;
}

std::vector<Column> leading_columns(const Evaluation& evaluation) {
  std::vector<Column> columns{{"lead time", {}}, {"pixels", {}}};
  double pixels = 0;
  for (std::int64_t lead = 1; lead <= evaluation.horizon; ++lead) {
    const double seconds = evaluation.seconds_per_frame * static_cast<double>(lead);
    columns[0].cells.push_back(seconds > 0 ? format("+{} ({:.3g} s)", lead, seconds) : format("+{}", lead));
    const auto valid = static_cast<double>(evaluation.valid_pixels[static_cast<std::size_t>(lead - 1)]);
    columns[1].cells.push_back(with_thousands(valid));
    pixels += valid;
  }
  columns[0].cells.emplace_back("mean");
  columns[1].cells.push_back(
      with_thousands(pixels / static_cast<double>(std::max<std::int64_t>(1, evaluation.horizon))));
  return columns;
}

std::string table_of(const std::vector<Column>& columns) {
  std::vector<std::vector<std::string>> rows(columns.front().cells.size() + 1);
  for (const Column& column : columns) {
    rows[0].push_back(column.title);
    for (std::size_t i = 0; i < column.cells.size(); ++i) rows[i + 1].push_back(column.cells[i]);
  }
  return aligned_table(rows);
}

/// As many tables as it takes to stay within the terminal; all columns of one score stay together where they fit.
std::string tables_of(const Evaluation& evaluation, std::size_t width) {
  const std::vector<Column> columns = columns_of(evaluation);
  const std::size_t together = evaluation.forecasters.size();
  std::string out;
  std::vector<Column> page = leading_columns(evaluation);
  for (std::size_t i = 0; i < columns.size(); i += together) {
    std::vector<Column> wider = page;
    wider.insert(wider.end(), columns.begin() + static_cast<std::ptrdiff_t>(i),
                 columns.begin() + static_cast<std::ptrdiff_t>(i + together));
    const std::string table = table_of(wider);
    if (page.size() > 2 && table.find('\n') > width) {
      out += table_of(page) + "\n";
      page = leading_columns(evaluation);
      i -= together;
      continue;
    }
    page = std::move(wider);
  }
  return out + table_of(page);
}

std::string to_text(const Evaluation& evaluation, std::size_t width) {
  std::string out = format("{} on {}: {} sequence{} of {} frames\n\n", evaluation.name, evaluation.data,
                           evaluation.sequences, evaluation.sequences == 1 ? "" : "s", evaluation.horizon);
  out += tables_of(evaluation, width);
  if (evaluation.gain && std::isfinite(evaluation.gain->mean)) {
    const PsnrGain& gain = *evaluation.gain;
    out += format("\nPSNR gain over persistence: {:+.2f} dB over {} sequence{}", gain.mean, gain.sequences,
                  gain.sequences == 1 ? "" : "s");
    out += std::isfinite(gain.low) ? format(", 95 % interval {:+.2f} to {:+.2f} dB", gain.low, gain.high)
                                   : std::string(", too few for an interval");
    if (std::isfinite(gain.low) && gain.block < gain.whole_block) {
      out +=
          format(" (blocks of {} overlapping sequences: the recording is too short for {} of {}, so take it as narrow)",
                 gain.block, kFewestBlocks, gain.whole_block);
    }
    out += gain.left_out > 0 ? format("; {} left out\n", gain.left_out) : std::string("\n");
  }
  return out;
}

json::Value to_json(const Evaluation& evaluation) {
  json::Value out = json::Value::object();
  out.set("name", evaluation.name);
  out.set("data", evaluation.data);
  out.set("sequences", evaluation.sequences);
  out.set("horizon", evaluation.horizon);
  out.set("seconds_per_frame", evaluation.seconds_per_frame);
  json::Value pixels = json::Value::array();
  for (const std::int64_t count : evaluation.valid_pixels) pixels.push_back(count);
  out.set("valid_pixels", std::move(pixels));
  json::Value forecasters = json::Value::array();
  for (const ForecasterScores& forecaster : evaluation.forecasters) {
    json::Value metrics = json::Value::object();
    for (const MetricScores& scores : forecaster.metrics) {
      json::Value by_lead_time = json::Value::array();
      for (const double value : scores.by_lead_time) by_lead_time.push_back(json::Value::number_or_null(value));
      json::Value row = json::Value::object();
      row.set("mean", json::Value::number_or_null(scores.mean));
      row.set("by_lead_time", std::move(by_lead_time));
      json::Value frames = json::Value::array();
      for (const std::int64_t count : scores.frames) frames.push_back(count);
      row.set("frames", std::move(frames));
      metrics.set(scores.metric, std::move(row));
    }
    json::Value row = json::Value::object();
    row.set("name", forecaster.name);
    row.set("metrics", std::move(metrics));
    forecasters.push_back(std::move(row));
  }
  out.set("forecasters", std::move(forecasters));
  if (evaluation.gain) {
    json::Value gain = json::Value::object();
    gain.set("mean", json::Value::number_or_null(evaluation.gain->mean));
    gain.set("low", json::Value::number_or_null(evaluation.gain->low));
    gain.set("high", json::Value::number_or_null(evaluation.gain->high));
    gain.set("block", evaluation.gain->block);
    gain.set("whole_block", evaluation.gain->whole_block);
    gain.set("sequences", evaluation.gain->sequences);
    gain.set("left_out", evaluation.gain->left_out);
    out.set("psnr_gain", std::move(gain));
  }
  return out;
}

class EvaluateCommand : public Command {
 public:
  std::string name() const override { return "evaluate"; }
  std::string summary() const override { return "score a model, or forecasts that were written, beside persistence"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Scores a model on frames that it has not seen, or written forecasts (ours or anybody's) against the frames "
        "that came, for "
        "each lead time and beside baselines. Values are scaled to 0..1; pixels without data count for nothing.");
    spec.positional("MODEL|FORECASTS", arguments_.subject,
                    "a .safetensors file or run folder; or a video, folder or array of forecasts");
    spec.positional("DATA|TRUTH", arguments_.data,
                    "for a model: a recording, of which every frame is tested, or a configuration, of whose data the "
                    "test split is; "
                    "default: the test split of the model's own data. For forecasts: the frames that came");
    spec.group("What to score");
    spec.option("--baselines", "LIST", arguments_.baselines,
                "of " + join(baseline_names(all_baselines()), ", ") +
                    " (default persistence; beside written forecasts persistence alone, \"\" for none)");
    spec.option("--metrics", "LIST", arguments_.metrics, "of " + metric_names() + " (default: the usual ones)");
    spec.group("Models only: what to score them on");
    spec.choice("--split", arguments_.split, "the part of the data to score on (default test)");
    spec.option("--limit", "N", arguments_.limit, {1, 1000000000}, "at most N sequences, evenly spread (default all)");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of DATA's configuration, or of the model's own; may be given many times");
    spec.option("--batch", "N", arguments_.batch, {1, 65536},
                "sequences that go through the network together (default 8)");
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
    arguments_.compute.declare(spec);
    spec.example("nextframe evaluate runs/digits", "the test split of what it was trained on");
    spec.example("nextframe evaluate runs/holiday other.mp4 --baselines persistence,mean --json",
                 "a recording it never saw");
    spec.example("nextframe evaluate holiday-hindcasts/ holiday.mp4", "written forecasts against what came");
  }

  int run(StderrLog& log) override {
    const InterruptGuard guard;
    const Evaluation evaluation = is_model(arguments_.subject) ? score_model(guard, log) : score_written(guard);
    if (arguments_.json) {
      print_json(to_json(evaluation));
    } else {
      print_result(to_text(evaluation, static_cast<std::size_t>(std::max(60, stdout_columns() - 1))));
    }
    return 0;
  }

 private:
  static std::string metric_names() {
    std::vector<std::string> names;
    for (const MetricEntry& metric : kMetrics) names.emplace_back(metric.name);
    return join(names, ", ");
  }

  void refuse_options_for_written() const {
    const std::string given = given_among({{"--first-frame", arguments_.first_frame.has_value()},
                                           {"--every", arguments_.every.has_value()},
                                           {"--gap", arguments_.gap.has_value()}});
    if (given.empty()) return;
    reject("[evaluate] {}: for written forecasts only, but {} is a model", given, arguments_.subject);
  }

  void refuse_options_for_models() const {
    const std::string given = given_among({{"--split", arguments_.split.has_value()},
                                           {"--set", !arguments_.overrides.empty()},
                                           {"--limit", arguments_.limit.has_value()},
                                           {"--batch", arguments_.batch.has_value()},
                                           {"--threads", arguments_.compute.threads != 0},
                                           {"--device", arguments_.compute.device != Device::kAuto}});
    if (given.empty()) return;
    reject("[evaluate] {}: for models only, but {} is none: it is scored as written forecasts", given,
           arguments_.subject);
  }

  Evaluation score_model(const InterruptGuard& guard, StderrLog& log) const {
    refuse_options_for_written();
    const std::unique_ptr<Backend> backend = arguments_.compute.make();
    TrainedModel model = load_model(*backend, arguments_.subject);
    DecodeDisplay display(guard);
    const DataSet data(data_options(model), media_sources(), log, display.observer());
    EvaluateOptions options;
    options.baseline_table = all_baselines();
    options.baselines = list_of(arguments_.baselines);
    options.metrics = list_of(arguments_.metrics);
    options.split = arguments_.split.value_or(options.split);
    options.batch = arguments_.batch.value_or(options.batch);
    options.limit = arguments_.limit.value_or(options.limit);
    options.between_batches = [&guard] { stop_if_interrupted(guard); };
    return evaluate_model(*backend, model, data, options, log);
  }

  /// What DATA names, prepared as the model was trained, but whole frames.
  DataOptions data_options(const TrainedModel& model) const {
    if (!arguments_.data || fs::path(*arguments_.data).extension() == ".json") {
      DataOptions data = arguments_.data ? load_config(*arguments_.data, arguments_.overrides).data : own_data(model);
      data.crop.reset();
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
    data.sources.assign(1, SourceOptions{});
    data.sources.front().path = *arguments_.data;
    data.split = SplitOptions{};
    data.split.train = 0;
    data.split.validation = 0;
    data.split.test = 1;
    data.crop.reset();
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

  Evaluation score_written(const InterruptGuard& guard) const {
    std::error_code error;
    if (!is_glob(arguments_.subject) && !fs::exists(arguments_.subject, error)) {
      reject("[evaluate] {}: no such file or folder", arguments_.subject);
    }
    if (!arguments_.data) {
      reject("[evaluate] {}: is no model, so the frames that came (TRUTH) are needed as well", arguments_.subject);
    }
    refuse_options_for_models();
    ScoreOptions options;
    options.metrics = list_of(arguments_.metrics);
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
    return score_forecasts(media_sources(), arguments_.subject, *arguments_.data, options);
  }

  EvaluateArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate_command() { return std::make_unique<EvaluateCommand>(); }

}  // namespace nextframe::app
