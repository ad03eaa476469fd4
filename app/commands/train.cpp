#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/baselines/extrapolation_guide.h"
#include "core/config/config.h"
#include "core/frames/media_sources.h"
#include "core/train/memory_limit.h"
#include "core/train/pictures.h"
#include "core/train/trainer.h"

namespace nextframe::app {
namespace {

struct TrainArguments {
  std::string config;
  std::vector<std::string> overrides;
  std::optional<std::string> out;
  bool resume = false;
  std::string init;
  std::optional<std::int64_t> steps;
  std::optional<std::int64_t> seed;
  ComputeArguments compute;
  MemoryArguments memory;
};

void report(const TrainResult& result, const TrainRequest& request, Log& log) {
  if (result.end == TrainEnd::kInterrupted) {
    log.info("interrupted at step {}, everything is saved; go on with: nextframe train {} --resume", result.steps,
             request.folder);
    return;
  }
  if (std::isfinite(result.best_score)) {
    log.info("best {} {:.6g} at step {}", request.train.best_metric, result.best_score, result.best_step);
  }
  log.info("the model is {}", model_path(request.folder).string());
}

/// The configuration alone does not tell how large recorded frames are.
void check_frame_size(const ModelOptions& model, const DataSet& data) {
  const std::vector<std::string> problems = find_problems(model, data.crop_height(), data.crop_width());
  if (!problems.empty()) reject("[train] {}", join(problems, "; "));
}

class TrainCommand : public Command {
 public:
  std::string name() const override { return "train"; }
  std::string summary() const override { return "train a model as a configuration describes it"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Trains a model as a configuration describes it. The run folder gets the effective configuration, the best and "
        "the last "
        "model, scores, curves and sample pictures. Ctrl-C finishes the step and saves; a second Ctrl-C leaves at "
        "once.");
    spec.positional("CONFIG", arguments_.config, "JSON file, see configs/; or the folder of a run, to go on with it");
    spec.group("What to train");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of the configuration, such as train.optimizer.lr=3e-4; may be given many times");
    spec.option("--steps", "N", arguments_.steps, {1, static_cast<std::int64_t>(TrainOptions::kMostSteps)},
                "the same as --set train.steps=N");
    spec.option("--seed", "N", arguments_.seed, {}, "the same as --set train.seed=N");
    spec.option("--init", "MODEL", arguments_.init, "start from a trained model instead of new weights");
    spec.group("Run folder");
    spec.option("--out", "DIR", arguments_.out, "the run folder (default runs/NAME, after the configuration's name)");
    spec.flag("--resume", arguments_.resume, "go on where an earlier run into this folder ended, bit for bit");
    arguments_.compute.declare(spec);
    arguments_.memory.declare(spec);
    spec.example("nextframe train configs/moving-digits-small.json", "generated digits, into runs/moving-digits-small");
    spec.example("nextframe train configs/video.json --set data.sources.0.path=holiday.mp4 --out runs/holiday",
                 "your own video");
    spec.example("nextframe train runs/holiday --resume --steps 40000", "go on, and for longer");
  }

  int run(StderrLog& log) override {
    const InterruptGuard guard;
    if (arguments_.resume && !arguments_.init.empty()) {
      reject("[train] got --init with --resume, which goes on with the run's own weights; leave one of them out");
    }
    if (arguments_.out && arguments_.out->empty()) {
      reject("[train] --out: got an empty name, expected the run folder; leave it out for runs/NAME");
    }
    if (std::filesystem::is_directory(arguments_.config)) use_run_folder();
    std::vector<std::string> overrides = arguments_.overrides;
    if (arguments_.steps) overrides.push_back(format("train.steps={}", *arguments_.steps));
    if (arguments_.seed) overrides.push_back(format("train.seed={}", *arguments_.seed));
    arguments_.compute.add_override(overrides);
    Config config = load_config(arguments_.config, overrides);
    const std::string folder = arguments_.out.value_or("runs/" + config.name);
    const bool open =
        config.train.recompute == Recompute::kAuto || (arguments_.memory.limit && config.train.segment == 0);
    if (arguments_.resume && open) recompute_as_before(folder, config.train);

    DecodeDisplay display(guard);
    std::optional<DataSet> data;
    data.emplace(config.data, media_sources(), log, display.observer());
    check_frame_size(config.model, *data);
    const std::unique_ptr<Backend> backend = arguments_.compute.make();
    const TrainingFit fit = fit_training(*backend, config.model, config.train, *data, arguments_.memory.bytes());
    if (!fit.chosen.empty()) log.info("{}", fit.chosen);
    config.train = fit.train;

    TrainRequest request{.model = config.model,
                         .train = config.train,
                         .config = config_to_json(config),
                         .folder = folder,
                         .start = arguments_.resume ? RunStart::kResume : RunStart::kNew,
                         .initial_model = arguments_.init,
                         .plans = fit.memory.plans};
    RenderedPictures pictures;
    Trainer trainer(request, {.backend = *backend,
                              .data = *data,
                              .log = log,
                              .pictures = pictures,
                              .interrupted = [&guard] { return guard.interrupted(); },
                              .guides = make_extrapolation_guide});
    const TrainResult result = trainer.run();
    report(result, request, log);
    return result.end == TrainEnd::kInterrupted ? kInterruptedExitCode : 0;
  }

 private:
  /// What was chosen when the run began: another choice would round differently.
  static void recompute_as_before(const std::filesystem::path& folder, TrainOptions& train) {
    std::error_code error;
    if (!std::filesystem::exists(folder / "config.json", error)) return;
    const TrainOptions before = load_config((folder / "config.json").string(), {}).train;
    train.recompute = before.recompute;
    train.segment = before.segment;
  }

  void use_run_folder() {
    const std::filesystem::path folder = arguments_.config;
    if (!arguments_.resume) {
      reject("[train] {} is a folder; give a configuration, or --resume to go on with the run in it", folder.string());
    }
    if (!arguments_.out) arguments_.out = folder.string();
    arguments_.config = (folder / "config.json").string();
  }

  TrainArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_train_command() { return std::make_unique<TrainCommand>(); }

}  // namespace nextframe::app
