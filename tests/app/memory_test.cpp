#include <gtest/gtest.h>

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/base/format.h"
#include "core/base/text.h"
#include "core/json/value.h"
#include "core/tensor/npy.h"
#include "tests/app/program.h"

namespace nextframe::test {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// Watches how much memory of its own a process holds: mapped files, which the system may forget, are not part of it.
class OwnMemory {
 public:
  ~OwnMemory() { stop(); }
  void watch(pid_t process) {
    watcher_ = std::thread([this, process] {
      while (!stopped_) {
        peak_ = std::max(peak_, memory_of(process, "RssAnon"));
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
      }
    });
  }
  std::uint64_t stop() {
    stopped_ = true;
    if (watcher_.joinable()) watcher_.join();
    return peak_;
  }

 private:
  std::thread watcher_;
  std::atomic<bool> stopped_{false};
  std::uint64_t peak_ = 0;
};

class Memory : public ::testing::Test {
 protected:
  /// A network of two levels whose activations outweigh the program.
  std::string medium_config() {
    write_text(folder_ / "medium.json", R"({
      "name": "medium",
      "model": { "cell": "convlstm",
                 "levels": [ { "conv": { "channels": 8, "kernel": 3 }, "hidden": 24, "kernel": 3, "input_kernel": 3 },
                             { "conv": { "channels": 16, "kernel": 3, "stride": 2 }, "hidden": 32, "kernel": 3 } ] },
      "data": { "sources": [ { "type": "balls", "size": [64, 64], "radius": 3, "validation_sequences": 9 } ],
                "context": 8, "horizon": 8 },
      "train": { "batch": 4, "steps": 3, "validate_every": 2, "checkpoint_every": 1, "samples": 1 } })");
    return folder_ / "medium.json";
  }
  std::string small_config() {
    write_text(folder_ / "tiny.json", tiny_config(25));
    return folder_ / "tiny.json";
  }
  RunOptions here() const {
    RunOptions options;
    options.directory = folder_.path();
    return options;
  }
  json::Value plan_of(const std::string& config, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"inspect", config, "--json", "--threads", "2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run(arguments, here());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return json::parse(outcome.out, "stdout").at("plan", "stdout").at("memory", "plan");
  }
  /// Trains for a moment and holds the largest resident size against the plan.
  void expect_peak_as_planned(const std::string& config, const std::vector<std::string>& overrides) {
    std::vector<std::string> more;
    for (const std::string& override : overrides) more.insert(more.end(), {"--set", override});
    const double planned = total_of(plan_of(config, more), "training");
    const std::string out = format("run-{}", runs_++);
    more.insert(more.begin(), {"train", config, "--threads", "2", "--out", out});
    const Outcome outcome = run(more, here());
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto measured = static_cast<double>(outcome.peak_bytes);
    EXPECT_NEAR(measured / planned, 1.0, 0.1)
        << config << " " << join(overrides, " ") << ": planned " << planned << ", measured " << measured;
  }
  static double total_of(const json::Value& memory, const std::string& what) {
    return memory.at(what, "memory").at("total_bytes", what).get<double>(what);
  }

  TemporaryFolder folder_;
  int runs_ = 0;
};

/// How a training goes: its precision and whether it recomputes.
const std::vector<std::vector<std::string>> kWays{
    {"train.precision=float32"},
    {"train.precision=bf16"},
    {"train.precision=float32", "train.recompute=segments"},
    {"train.precision=bf16", "train.recompute=segments"},
};

TEST_F(Memory, ThePeakIsNearThePlan) {
  if (!std::filesystem::exists("/proc/self/statm")) GTEST_SKIP() << "no /proc: the program's own part is not known";
  if (kSanitized) GTEST_SKIP() << "a sanitizer's own memory is in no plan";
  for (const std::string& config : {small_config(), medium_config()}) {
    for (const std::vector<std::string>& way : kWays) expect_peak_as_planned(config, way);
  }
}

TEST_F(Memory, ThePeakOfTheReferenceNetworksIsNearThePlan) {
  if (!std::filesystem::exists("/proc/self/statm")) GTEST_SKIP() << "no /proc: the program's own part is not known";
  if (kSanitized) GTEST_SKIP() << "a sanitizer's own memory is in no plan";
  const std::vector<std::pair<std::string, std::vector<std::string>>> runs{
      {"reference-convlstm", {"train.precision=float32"}},
      {"reference-convlstm", {"train.precision=bf16", "train.recompute=segments"}},
      {"reference-convgru", {"train.precision=bf16"}},
      {"reference-convgru", {"train.precision=float32", "train.recompute=segments"}},
  };
  for (auto [name, overrides] : runs) {
    overrides.insert(overrides.end(), {"train.steps=1", "train.batch=2", "train.validate_every=1",
                                       "data.sources[0].validation_sequences=2"});
    expect_peak_as_planned(format("{}/configs/{}.json", NEXTFRAME_SOURCE, name), overrides);
  }
}

TEST_F(Memory, ThePlanNamesEveryLayer) {
  const json::Value memory = plan_of(small_config());
  std::vector<std::string> names;
  for (const json::Value& layer : memory.at("training", "memory").at("layers", "training").items("layers")) {
    names.push_back(layer.at("name", "layer").get<std::string>("name"));
    EXPECT_GT(layer.at("parameter_bytes", "layer").get<std::int64_t>("bytes"), 0);
  }
  const std::vector<std::string> expected{"encoder.0.conv", "encoder.0.rnn", "forecaster.0.rnn", "forecaster.0.up",
                                          "head.0"};
  EXPECT_EQ(names, expected);
}

TEST_F(Memory, ALimitChoosesSegmentsAndTheRunStaysWithinIt) {
  const std::string config = medium_config();
  const json::Value free = plan_of(config);
  EXPECT_EQ(free.at("training", "memory").at("recompute", "training").get<std::string>("recompute"), "none");
  const std::string limit = std::to_string(std::llround(0.8 * total_of(free, "training")));
  const json::Value limited = plan_of(config, {"--memory-limit", limit});
  EXPECT_EQ(limited.at("training", "memory").at("recompute", "training").get<std::string>("recompute"), "segments");
  EXPECT_LE(total_of(limited, "training"), std::stod(limit));

  const Outcome outcome = run({"train", config, "--threads", "2", "--memory-limit", limit}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("recomputation in segments of"), std::string::npos) << outcome.err;
  EXPECT_LE(static_cast<double>(outcome.peak_bytes), 1.1 * std::stod(limit));
  EXPECT_NE(read_text(folder_ / "runs/medium/config.json").find("\"recompute\": \"segments\""), std::string::npos);
}

TEST_F(Memory, ALimitThatNothingSatisfiesNamesTheSmallestOne) {
  const std::string config = small_config();
  for (const char* command : {"train", "inspect"}) {
    const Outcome outcome = run({command, config, "--memory-limit", "20M"}, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find("is the smallest limit that would do"), std::string::npos) << outcome.err;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs"));
  const Outcome wrong = run({"train", config, "--memory-limit", "much"}, here());
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("--memory-limit: got \"much\""), std::string::npos) << wrong.err;
}

TEST_F(Memory, DataLargerThanTheMemoryOfATrainingTrain) {
  if (!std::filesystem::exists("/proc/self/statm")) GTEST_SKIP() << "no /proc: a program's own memory is not known";
  if (kSanitized) GTEST_SKIP() << "a sanitizer's own memory is much";
  constexpr std::int64_t kFrames = 3000, kSide = 256;
  constexpr std::size_t kBytes = kFrames * kSide * kSide;
  {
    std::vector<std::uint8_t> pixels(kBytes);
    for (std::size_t i = 0; i < kBytes; ++i) pixels[i] = static_cast<std::uint8_t>((i / 7 + i / 65536 * 3) % 251);
    std::ofstream file(folder_ / "large.npy", std::ios::binary);
    write_npy(file, std::array<std::int64_t, 3>{kFrames, kSide, kSide}, std::span<const std::uint8_t>(pixels));
  }  // nothing of them is left that the program, which begins as a copy of this one, would be taken for
  write_text(folder_ / "large.json", R"({
    "name": "large",
    "model": { "levels": [ { "conv": { "channels": 4, "kernel": 3, "stride": 2 }, "hidden": 6, "kernel": 3 } ] },
    "data": { "sources": [ { "type": "array", "path": "large.npy" } ], "scene_cuts": "ignore", "cache": { "dir": "cache" },
              "context": 4, "horizon": 4, "crop": [32, 32], "validation_windows": 8, "split": { "by": "time", "gap": 8 } },
    "train": { "batch": 2, "steps": 300, "validate_every": 300, "samples": 1 } })");
  OwnMemory memory;
  RunOptions options = here();
  options.started = [&](pid_t process) { memory.watch(process); };
  const Outcome outcome = run({"train", "large.json", "--out", "run", "--threads", "1"}, options);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  // The bytes of the frames; as numbers of a network they would be four times as many.
  EXPECT_LT(memory.stop(), kBytes / 2);
  EXPECT_GT(memory.stop(), 0u);
}

TEST_F(Memory, ForecastsAndEvaluationsTakeALimitToo) {
  const std::string config = small_config();
  ASSERT_EQ(run({"train", config, "--out", "model", "--set", "train.steps=2"}, here()).exit_code, 0);
  ASSERT_EQ(run({"generate", "balls", "-o", "in.npy", "--length", "8", "--size", "16x16"}, here()).exit_code, 0);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"forecast", "model", "in.npy", "-o", "out.npy"}, {"evaluate", "model"}}) {
    std::vector<std::string> enough = command, little = command;
    enough.insert(enough.end(), {"--memory-limit", "4G"});
    little.insert(little.end(), {"--memory-limit", "20M"});
    const Outcome refused = run(little, here());
    EXPECT_EQ(refused.exit_code, 2) << refused.err;
    EXPECT_NE(refused.err.find("is the smallest limit that would do"), std::string::npos) << refused.err;
    const Outcome done = run(enough, here());
    EXPECT_EQ(done.exit_code, 0) << done.err;
    EXPECT_NE(done.err.find("of 4.0 GB allowed"), std::string::npos) << done.err;
  }
}

}  // namespace
}  // namespace nextframe::test
