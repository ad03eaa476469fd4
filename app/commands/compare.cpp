#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/commands/baseline_arguments.h"
#include "app/commands/command.h"
#include "app/commands/comparison_page.h"
#include "app/commands/comparison_report.h"
#include "app/commands/run_support.h"
#include "app/output.h"
#include "app/values.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/extrapolation_guide.h"
#include "core/baselines/motion_baselines.h"
#include "core/config/config.h"
#include "core/config/document.h"
#include "core/frames/media_sources.h"
#include "core/metrics/metric_table.h"
#include "core/render/frame_writer.h"
#include "core/train/comparison.h"
#include "core/train/pictures.h"
#include "core/train/run_folder.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

struct CompareArguments {
  std::vector<std::string> subjects;
  std::vector<std::string> overrides;
  std::optional<std::int64_t> steps;
  std::optional<std::string> budget;
  std::optional<std::int64_t> seeds;
  std::optional<std::string> out;
  bool resume = false;
  std::string horizons;
  std::string metrics;
  std::string thresholds;
  std::string windows;
  std::string baselines = "persistence";
  std::vector<std::string> baseline_options;
  std::optional<Split> split;
  std::optional<std::int64_t> limit;
  bool json = false;
  std::optional<std::string> csv;
  std::optional<std::string> report;
  bool overwrite = false;
  ComputeArguments compute;
  MemoryArguments memory;
};

/// "10m", "90s", "1.5h" in seconds.
double parse_time(const std::string& text) {
  const double unit = text.ends_with('h') ? 3600 : text.ends_with('m') ? 60 : text.ends_with('s') ? 1 : 0;
  if (unit == 0) reject("--budget: got \"{}\", expected a time such as 90s, 10m or 1.5h", text);
  const double time = parse_number("--budget", text.substr(0, text.size() - 1)) * unit;
  if (time <= 0) reject("--budget: got \"{}\", expected more than no time", text);
  return time;
}

std::string all_metrics() {
  std::vector<std::string> names;
  for (const MetricEntry& metric : kMetrics) names.emplace_back(metric.name);
  return join(names, ", ");
}

/// What a run or its model file is called; a seed's run in the folder of a comparison by its configuration, too.
std::string name_of_model(const fs::path& path) {
  const fs::path plain = path.has_filename() ? path : path.parent_path();
  if (plain.extension() == ".safetensors") return plain.stem().string();
  const std::string name = plain.filename().string();
  return name.starts_with("seed-") ? plain.parent_path().filename().string() + "-" + name : name;
}

/// Where the comparison is kept in a folder.
fs::path document_in(const std::string& folder) { return fs::path(folder) / "comparison.json"; }

/// The files that are written beside the runs, refused before any work is done where they cannot be made.
class Outputs {
 public:
  /// `runs`: the folder of the runs, which takes the document with it; empty for models alone, whose document goes to --out.
  Outputs(const CompareArguments& arguments, const std::vector<Contender>& contenders, const std::string& runs) {
    const IfExists if_exists = arguments.overwrite ? IfExists::kReplace : IfExists::kRefuse;
    if (runs.empty() && arguments.out) {
      check_folder(*arguments.out);
      document_ = document_in(*arguments.out);
      check_file_place(document_->string(), if_exists);
      refuse_inputs(document_->string(), contenders);
    }
    const std::string folder = arguments.out.value_or(runs);
    std::vector<fs::path> taken;
    if (!folder.empty()) taken = {document_in(folder), fs::path(folder) / "plan.json"};
    for (const auto& [path, file] : {std::pair(&arguments.csv, &csv_), std::pair(&arguments.report, &report_)}) {
      if (!*path) continue;
      check_file_place(**path, if_exists);
      refuse_inputs(**path, contenders);
      for (const fs::path& other : taken) {
        if (same_file(**path, other)) {
          reject("[output] {}: is written by another option, too; choose another name", **path);
        }
      }
      taken.emplace_back(**path);
      file->emplace(**path);
    }
  }

  void write(const ComparisonResult& result) {
    if (csv_) {
      csv_->write(comparison_csv(result));
      csv_->commit();
    }
    if (report_) {
      write_page(*report_, comparison_page(result));
      report_->commit();
    }
    if (!document_) return;
    std::error_code error;
    fs::create_directories(document_->parent_path(), error);
    if (error) {
      reject("[compare] {}: the folder cannot be made: {}", document_->parent_path().string(), error.message());
    }
    write_file_atomically(*document_, to_json(result).dump(2) + "\n");
  }

 private:
  static void check_folder(const std::string& folder) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_directory(folder, error)) {
      reject("[compare] {}: is a file, expected a folder for the comparison", folder);
    }
    if (fs::exists(fs::path(folder) / "plan.json", error)) {
      reject("[compare] {}: holds a comparison of configurations; choose another folder with --out", folder);
    }
  }

  static void refuse_inputs(const std::string& path, const std::vector<Contender>& contenders) {
    for (const Contender& contender : contenders) {
      std::vector<std::string> inputs{contender.origin, contender.trained};
      for (const SourceOptions& source : contender.data.sources) inputs.push_back(source.path);
      for (const std::string& input : inputs) {
        std::error_code error;
        if (!input.empty() && fs::equivalent(path, input, error)) {
          reject("[output] {}: is an input; choose another name", path);
        }
      }
    }
  }

  std::optional<AtomicFile> csv_;
  std::optional<AtomicFile> report_;
  std::optional<fs::path> document_;  ///< of models alone
};

class CompareCommand : public Command {
 public:
  std::string name() const override { return "compare"; }
  std::string summary() const override { return "train configurations on the same data, and tell what separates them"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Trains two or more configurations on the same frames, seeds and budget, or takes models that are trained "
        "already, and prints one table: parameters, operations, memory, time, every score by lead time with its spread "
        "over the seeds, and differences with a 95 % interval, so that \"better\" is said only where the data say so. "
        "Ctrl-C saves; --resume goes on.");
    spec.positional("CONFIG|MODEL", arguments_.subjects, CommandSpec::Need::kRequired,
                    "two or more: JSON configurations, .safetensors files or run folders");
    spec.group("What to train");
    spec.option("--steps", "N", arguments_.steps, {1, static_cast<std::int64_t>(TrainOptions::kMostSteps)},
                "updates of the weights of each run (default: train.steps, which must be the same)");
    spec.option("--budget", "TIME", arguments_.budget,
                "wall time of each run, such as 90s, 10m or 1h: as many steps as fit into it at the speed that is "
                "measured before the first one");
    spec.option("--seeds", "K", arguments_.seeds, {1, 1000},
                "runs of each configuration, with train.seed and those after it (default 1)");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of every configuration, and of models those of the data; may be given many times");
    spec.group("Folder of the runs");
    spec.option("--out", "DIR", arguments_.out,
                "holds a run folder for each configuration and seed, and comparison.json (default runs/A-or-B, after "
                "their names); for models alone comparison.json (default none)");
    spec.flag("--resume", arguments_.resume, "go on where an earlier comparison into this folder ended");
    spec.group("What to score");
    spec.option("--horizon", "LIST", arguments_.horizons,
                "lead times up to which means are taken, such as 10,20,40; may be longer than trained on (default "
                "data.horizon)");
    spec.option("--metrics", "LIST", arguments_.metrics, "of " + all_metrics() + " (default: the usual ones)");
    spec.option("--thresholds", "LIST", arguments_.thresholds,
                "values from which on scores of events count, as in evaluate");
    spec.option("--windows", "LIST", arguments_.windows, "sides of the windows of fss in pixels (default 5,17,33)");
    spec.option("--baselines", "LIST", arguments_.baselines,
                "of " + join(baseline_names(all_baselines()), ", ") + " (default persistence, \"\" for none)");
    spec.option("--baseline-option", "KEY=VALUE", arguments_.baseline_options,
                "of " + baseline_option_names() + "; may be given many times");
    spec.choice("--split", arguments_.split, "the part of the data to score on (default test)");
    spec.option("--limit", "N", arguments_.limit, {1, 1000000000}, "at most N sequences, evenly spread (default all)");
    spec.group("Options");
    spec.flag("--json", arguments_.json, "print one JSON document");
    spec.option("--csv", "FILE", arguments_.csv, "write every score at every lead time to a table");
    spec.option("--report", "FILE", arguments_.report,
                "write a page of HTML that holds everything: scores with their curves, differences, costs, training, "
                "configurations and machine");
    spec.flag("--overwrite", arguments_.overwrite,
              "replace the table, the page, and comparison.json of models, if they exist");
    arguments_.compute.declare(spec);
    arguments_.memory.declare(spec);
    spec.example("nextframe compare configs/small-convgru.json configs/small-convlstm.json --seeds 3 --out runs/cells",
                 "which cell, on moving digits: a minute of processor time a run");
    spec.example("nextframe compare configs/reference-convgru.json configs/reference-convlstm.json --budget 10m",
                 "what the reference networks cost, and how far ten minutes bring each");
    spec.example("nextframe compare runs/gru runs/lstm --report cells.html", "a page to show");
    spec.example("nextframe compare runs/holiday runs/other --horizon 10,20,40",
                 "two trained models of the same data, far ahead");
  }

  int run(StderrLog& log) override {
    const InterruptGuard guard;
    std::vector<Contender> contenders = load_contenders();
    ComparisonOptions options = comparison_options(contenders);
    options.timing.between_rounds = [&guard] { stop_if_interrupted(guard); };
    Outputs outputs(arguments_, contenders, options.folder);
    const std::unique_ptr<Backend> backend = arguments_.compute.make();
    const SourceTable sources = media_sources();
    DecodeDisplay display(guard);
    RenderedPictures pictures;
    Comparison comparison(std::move(contenders), options,
                          {.backend = *backend,
                           .sources = sources,
                           .log = log,
                           .pictures = pictures,
                           .interrupted = [&guard] { return guard.interrupted(); },
                           .observer = display.observer(),
                           .guides = make_extrapolation_guide});
    const ComparisonResult result = comparison.run();
    if (result.interrupted) return report_interrupted(options, log);
    outputs.write(result);
    if (arguments_.report) log.info("the report is {}", *arguments_.report);
    const std::string folder = arguments_.out.value_or(options.folder);
    if (!folder.empty()) log.info("the comparison is {}", document_in(folder).string());
    if (arguments_.json) {
      print_json(to_json(result));
    } else {
      print_result(comparison_text(result));
    }
    return 0;
  }

 private:
  int report_interrupted(const ComparisonOptions& options, Log& log) const {
    if (options.folder.empty()) throw Interrupted{};
    std::string command =
        format("nextframe compare {} --out {} --resume", join(arguments_.subjects, " "), options.folder);
    for (const std::string& assignment : arguments_.overrides) command += format(" --set '{}'", assignment);
    log.info("interrupted, every run is saved; go on with: {}", command);
    return kInterruptedExitCode;
  }

  static bool is_configuration(const std::string& subject) { return fs::path(subject).extension() == ".json"; }

  /// Of models alone there is nothing to change but the data.
  void check_assignments() const {
    const std::vector<std::string>& subjects = arguments_.subjects;
    if (std::any_of(subjects.begin(), subjects.end(), is_configuration)) return;
    for (const std::string& assignment : arguments_.overrides) {
      if (assignment.starts_with("data.")) continue;
      reject(
          "[compare] --set {}: all of these are trained already; expected a key of their data, such as data.stride=2",
          assignment);
    }
  }

  std::vector<Contender> load_contenders() const {
    check_assignments();
    std::vector<Contender> contenders;
    for (const std::string& subject : arguments_.subjects) {
      contenders.push_back(is_configuration(subject) ? load_configuration(subject) : load_trained(subject));
      std::string& name = contenders.back().name;
      const std::string plain = name;
      const auto taken = [&](const Contender& other) { return &other != &contenders.back() && other.name == name; };
      for (int number = 2; std::any_of(contenders.begin(), contenders.end(), taken); ++number) {
        name = format("{}-{}", plain, number);
      }
    }
    return contenders;
  }

  Contender load_configuration(const std::string& path) const {
    std::vector<std::string> overrides = arguments_.overrides;
    arguments_.compute.add_override(overrides);
    const Config config = load_config(path, overrides);
    return {.name = config.name,
            .origin = path,
            .model = config.model,
            .data = config.data,
            .train = config.train,
            .config = config_to_json(config)};
  }

  Contender load_trained(const std::string& path) const {
    const std::string file = model_path(path).string();
    ModelFile model = read_model_file(file);
    json::Value document = model.config;
    for (const std::string& assignment : arguments_.overrides) {
      // What it was trained as is no longer to be chosen.
      if (assignment.starts_with("data.")) apply_override(document, assignment);
    }
    const Config config = config_from_json(document, "[compare] " + file);
    return {.name = name_of_model(path),
            .origin = path,
            .model = config.model,
            .data = config.data,
            .train = config.train,
            .config = config_to_json(config),
            .trained = file,
            .trained_on = model.frames};
  }

  ComparisonOptions comparison_options(const std::vector<Contender>& contenders) const {
    if (contenders.size() < 2) reject("[compare] got one subject, expected two configurations or models, or more");
    ComparisonOptions options;
    options.seeds = arguments_.seeds;
    options.steps = arguments_.steps;
    if (arguments_.budget) options.budget_seconds = parse_time(*arguments_.budget);
    if (options.steps && options.budget_seconds) {
      reject("[compare] got --steps and --budget, which both say how long to train; leave one of them out");
    }
    for (const std::string& text : parse_list(arguments_.horizons)) {
      options.horizons.push_back(parse_whole("--horizon", text, {1, 10000}));
    }
    options.scores = selection();
    options.baselines = parse_list(arguments_.baselines);
    options.baseline_table = all_baselines();
    options.baseline_options = baseline_options(arguments_.baseline_options);
    options.split = arguments_.split.value_or(options.split);
    options.limit = arguments_.limit.value_or(options.limit);
    options.memory_limit = arguments_.memory.bytes();
    options.precision = arguments_.compute.precision;
    choose_folder(contenders, options);
    return options;
  }

  void choose_folder(const std::vector<Contender>& contenders, ComparisonOptions& options) const {
    if (arguments_.out && arguments_.out->empty()) {
      reject("[compare] --out: got an empty name, expected a folder; leave it out for one in runs/");
    }
    if (arguments_.resume) options.start = RunStart::kResume;
    const bool trains =
        std::any_of(contenders.begin(), contenders.end(), [](const Contender& one) { return one.to_train(); });
    if (!trains) {
      const std::string given = given_among({{"--steps", arguments_.steps.has_value()},
                                             {"--budget", arguments_.budget.has_value()},
                                             {"--seeds", arguments_.seeds.has_value()},
                                             {"--resume", arguments_.resume}});
      if (!given.empty()) reject("[compare] {}: for configurations, but all of these are trained already", given);
      return;
    }
    if (arguments_.out) {
      options.folder = *arguments_.out;
      return;
    }
    std::vector<std::string> names;
    for (const Contender& contender : contenders) names.push_back(contender.name);
    options.folder = "runs/" + join(names, "-or-");
  }

  ScoreSelection selection() const {
    ScoreSelection selection;
    selection.metrics = parse_list(arguments_.metrics);
    for (const std::string& metric : selection.metrics) find_metric(metric);
    for (const std::string& text : parse_list(arguments_.thresholds)) {
      selection.thresholds.push_back(parse_number("--thresholds", text));
    }
    if (!arguments_.windows.empty()) selection.windows.clear();
    for (const std::string& text : parse_list(arguments_.windows)) {
      selection.windows.push_back(parse_whole("--windows", text, {1, 100000}));
    }
    return selection;
  }

  CompareArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_compare_command() { return std::make_unique<CompareCommand>(); }

}  // namespace nextframe::app
