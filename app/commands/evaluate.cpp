#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/baseline_arguments.h"
#include "app/commands/command.h"
#include "app/commands/evaluation_page.h"
#include "app/commands/evaluation_report.h"
#include "app/commands/evaluation_run.h"
#include "app/commands/run_support.h"
#include "app/output.h"
#include "app/values.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/motion_baselines.h"
#include "core/render/staged_folder.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

/// The files that were asked for, refused before any work is done where they cannot be made.
class Outputs {
 public:
  explicit Outputs(const EvaluateArguments& arguments) {
    const IfExists if_exists = arguments.overwrite ? IfExists::kReplace : IfExists::kRefuse;
    std::vector<std::string> inputs = arguments.also;
    inputs.insert(inputs.end(), {arguments.subject, arguments.data.value_or("")});
    for (const std::string& input : arguments.inputs) inputs.push_back(input.substr(input.find('=') + 1));
    for (const std::optional<std::string>* path : {&arguments.csv, &arguments.report}) {
      if (*path) check_output_file(**path, if_exists, inputs);
    }
    if (arguments.csv && arguments.report && same_file(*arguments.csv, *arguments.report)) {
      reject("[output] {}: is both --csv and --report; choose another name for one of them", *arguments.csv);
    }
    if (arguments.csv) csv_.emplace(*arguments.csv);
    if (arguments.report) report_.emplace(*arguments.report);
    if (arguments.plots) plots_.emplace(*arguments.plots, if_exists, is_evaluation_picture, "plot");
  }

  void write(const Findings& found, const ReportOptions& options, Log& log) {
    if (csv_) {
      csv_->write(report_csv(found.evaluation));
      csv_->commit();
    }
    if (plots_) {
      const std::vector<fs::path> files =
          draw_evaluation(*plots_, found.evaluation, found.curves, found.samples, found.pictures);
      plots_->commit();
      for (const fs::path& file : files) log.info("drew {}", file.string());
    }
    if (report_) {
      write_page(*report_, evaluation_page(found, options));
      report_->commit();
      log.info("the report is {}", report_->destination().string());
    }
  }

 private:
  std::optional<AtomicFile> csv_;
  std::optional<AtomicFile> report_;
  std::optional<StagedFolder> plots_;
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
    spec.option("--also", "MODEL", arguments_.also,
                "another model, scored on the same sequences; may be given many times. All have to forecast the same "
                "frames in the same units");
    spec.group("What to score");
    spec.option("--baselines", "LIST", arguments_.baselines,
                "of " + join(baseline_names(all_baselines()), ", ") +
                    " (default persistence; beside written forecasts persistence alone, \"\" for none)");
    spec.option("--metrics", "LIST", arguments_.metrics, "of " + score_names() + " (default: the usual ones)");
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
    declare_inputs(spec, arguments_.inputs);
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
    spec.option(
        "--report", "FILE", arguments_.report,
        "write a page of HTML that holds everything: scores, curves, training, the best and the worst sequences "
        "as strips and animations, configuration and machine");
    spec.option("--rank-by", "METRIC", arguments_.rank_by,
                "what the best and the worst sequences are best and worst by (default: the first of the metrics that "
                "ranks)");
    spec.flag("--overwrite", arguments_.overwrite, "replace files and plots that exist");
    arguments_.compute.declare(spec);
    arguments_.memory.declare(spec);
    spec.example("nextframe evaluate runs/digits", "the test split of what it was trained on");
    spec.example("nextframe evaluate runs/holiday other.mp4 --baselines persistence,mean --json",
                 "a recording it never saw");
    spec.example("nextframe evaluate rain.json --baselines persistence,extrapolation,sprog --thresholds 0.5,1,5",
                 "what costs nothing, on the test split of a configuration");
    spec.example("nextframe evaluate runs/gru --also runs/lstm --report both.html", "two models side by side");
    spec.example("nextframe evaluate runs/digits --report digits.html", "a page to show: scores, curves, animations");
    spec.example("nextframe evaluate holiday-hindcasts/ holiday.mp4", "written forecasts against what came");
    spec.example("nextframe evaluate digits-forecast.npy digits.npy --first-frame 10",
                 "an array of many forecasts, each against its own sequence, from frame 10 on");
  }

  int run(StderrLog& log) override {
    const ReportOptions report{.width = static_cast<std::size_t>(std::max(60, stdout_columns() - 1)),
                               .csi_level = csi_level()};
    Outputs outputs(arguments_);
    const InterruptGuard guard;
    const Findings found = evaluate(arguments_, guard, log);
    outputs.write(found, report, log);
    if (arguments_.json) {
      print_json(report_json(found, report));
    } else {
      print_result(report_text(found, report));
    }
    return 0;
  }

 private:
  double csi_level() const {
    return arguments_.csi_level.empty() ? ReportOptions().csi_level : parse_number("--csi-level", arguments_.csi_level);
  }

  EvaluateArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate_command() { return std::make_unique<EvaluateCommand>(); }

}  // namespace nextframe::app
