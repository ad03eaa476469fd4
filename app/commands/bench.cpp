#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/bench_config.h"
#include "app/bench/bench_run.h"
#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "app/output.h"

namespace nextframe::app {
namespace {

struct BenchArguments {
  std::string config;
  std::vector<std::string> overrides;
  std::int64_t rounds = 5;
  bool json = false;
  bool operations = false;
  ComputeArguments compute;
};

class BenchCommand : public Command {
 public:
  std::string name() const override { return "bench"; }
  std::string summary() const override { return "time a configuration against the machine's own peak"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Times forward pass, backward pass, optimizer, whole training step and forecast of a configuration on random "
        "frames, and the answer to a single new frame, the state held, as in a live forecast. Compares the operations "
        "that "
        "are needed with the multiply-adds that this processor can do, and the bytes that they read and write with its "
        "memory bandwidth (STREAM's triad), both measured in the same run. Run it alone: other programs slow it down.");
    spec.positional("CONFIG", arguments_.config, "JSON file, see configs/");
    spec.group("What to time");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of the configuration; may be given many times");
    spec.option("--rounds", "N", arguments_.rounds, {1, 1000},
                "measure at least so often and take the best (default 5)");
    spec.flag("--operations", arguments_.operations,
              "also take the training step apart by kinds of operations, each with the least time it could take");
    spec.flag("--json", arguments_.json, "print one JSON document");
    arguments_.compute.declare(spec);
    spec.example("nextframe bench configs/reference-convgru.json --threads 2", "the reference network on two threads");
    spec.example("nextframe bench configs/moving-digits-small.json --set train.batch=32 --json",
                 "a larger batch, for a script");
  }

  int run(StderrLog&) override {
    std::vector<std::string> overrides = arguments_.overrides;
    arguments_.compute.add_override(overrides);
    BenchOptions options =
        load_bench_options(arguments_.config, overrides, arguments_.compute.options(), arguments_.rounds);
    if (arguments_.operations) options.detail = BenchDetail::kOperations;
    const BenchReport report = run_bench(options);
    if (arguments_.json) {
      print_json(report.to_json());
    } else {
      print_result(report.to_text());
    }
    return 0;
  }

 private:
  BenchArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_bench_command() { return std::make_unique<BenchCommand>(); }

}  // namespace nextframe::app
