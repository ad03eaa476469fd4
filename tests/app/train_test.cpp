#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <random>

#include "tests/app/program.h"

namespace nextframe::test {
namespace {

namespace fs = std::filesystem;

class Train : public ::testing::Test {
 protected:
  std::string config(int steps, const std::string& extra_train = "") {
    write_text(folder_ / "tiny.json", tiny_config(steps, extra_train));
    return folder_ / "tiny.json";
  }
  RunOptions here() const {
    RunOptions options;
    options.directory = folder_.path();
    return options;
  }

  TemporaryFolder folder_;
};

TEST_F(Train, MakesTheRunFolder) {
  const Outcome outcome = run({"train", config(25), "--threads", "1"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const std::vector<std::string> expected{"best.safetensors", "config.json",      "curves.png",
                                          "events",           "last.safetensors", "last.state",
                                          "log.txt",          "metrics.jsonl",    "samples"};
  EXPECT_EQ(names_in(folder_.path() / "runs/tiny"), expected);
  EXPECT_FALSE(names_in(folder_.path() / "runs/tiny/samples").empty());
  EXPECT_NE(read_text(folder_ / "runs/tiny/config.json").find("\"validate_every\": 20"), std::string::npos);
}

TEST_F(Train, PipedItSpeaksInPlainLines) {
  const Outcome outcome = run({"train", config(25), "--threads", "1"}, here());
  EXPECT_EQ(outcome.err.find('\r'), std::string::npos);
  EXPECT_EQ(outcome.err.find('\x1b'), std::string::npos);
  EXPECT_NE(outcome.err.find("step 20: validation loss "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("train 1/25"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find(" 0 frames/s"), std::string::npos) << outcome.err;
}

TEST_F(Train, ALossThatIsNotFiniteIsGotPastAsTheMessageSays) {
  const std::vector<std::string> steep{
      "train", config(40, R"(, "clip_norm": 0, "optimizer": { "type": "sgd", "lr": 3 })"), "--threads", "1", "--out",
      "a"};
  const Outcome failed = run(steep, here());
  ASSERT_EQ(failed.exit_code, 1) << failed.err;
  EXPECT_NE(failed.err.find(" is not finite (loss "), std::string::npos) << failed.err;
  EXPECT_NE(failed.err.find("last.state holds the state of step "), std::string::npos) << failed.err;
  EXPECT_EQ(failed.err.find("nan"), std::string::npos) << failed.err;
  EXPECT_NE(read_text(folder_ / "a/log.txt").find(" is not finite (loss "), std::string::npos);
  const Outcome again = run({"train", "a", "--resume", "--threads", "1", "--set", "train.optimizer.lr=0.001"}, here());
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST_F(Train, OnATerminalItDrawsOneLineAndObeysNoColor) {
  RunOptions options = here();
  options.output = RunOptions::Output::kTerminal;
  const Outcome drawn = run({"train", config(25), "--threads", "1"}, options);
  ASSERT_EQ(drawn.exit_code, 0) << drawn.out;
  EXPECT_NE(drawn.out.find("\r"), std::string::npos);
  EXPECT_NE(drawn.out.find(", loss "), std::string::npos) << drawn.out;

  options.environment = {"NO_COLOR=1"};
  Outcome plain = run({"train", "nothere.json"}, options);
  EXPECT_EQ(plain.exit_code, 2);
  EXPECT_EQ(plain.out.find("\x1b[3"), std::string::npos) << plain.out;
  EXPECT_EQ(plain.out.find("\x1b[1"), std::string::npos) << plain.out;
}

TEST_F(Train, TheSameSeedGivesTheSameBitsAndAnotherSeedOthers) {
  const std::string file = config(10);
  ASSERT_EQ(run({"train", file, "--threads", "2", "--out", "a"}, here()).exit_code, 0);
  ASSERT_EQ(run({"train", file, "--threads", "2", "--out", "b"}, here()).exit_code, 0);
  ASSERT_EQ(run({"train", file, "--threads", "2", "--out", "c", "--seed", "2"}, here()).exit_code, 0);
  EXPECT_EQ(read_text(folder_ / "a/last.safetensors"), read_text(folder_ / "b/last.safetensors"));
  EXPECT_NE(read_text(folder_ / "a/last.safetensors"), read_text(folder_ / "c/last.safetensors"));
}

TEST_F(Train, CropsAreForTrainingAndEvaluationSeesWholeFrames) {
  ASSERT_EQ(run({"train", config(2), "--out", "a", "--set", "data.crop=[8,8]"}, here()).exit_code, 0);
  const Outcome outcome = run({"evaluate", "a", "--json"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("2048"), std::string::npos) << outcome.out;  // 8 sequences of 16 x 16 pixels
}

TEST_F(Train, FramesTooSmallForTheNetworkAreRejectedBeforeAnythingIsWritten) {
  ASSERT_EQ(run({"generate", "balls", "-o", "balls.npy", "--length", "60", "--size", "16x16"}, here()).exit_code, 0);
  const Outcome outcome =
      run({"train", config(2), "--set", R"(data.sources=[{"path":"balls.npy"}])", "--set", "model.patch=32"}, here());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("more than the 16x16 pixels"), std::string::npos) << outcome.err;
  EXPECT_FALSE(fs::exists(folder_.path() / "runs"));
}

TEST_F(Train, AnOldRunIsNotWrittenOver) {
  const std::string file = config(5);
  ASSERT_EQ(run({"train", file, "--out", "a"}, here()).exit_code, 0);
  const std::string before = read_text(folder_ / "a/last.safetensors");
  const Outcome again = run({"train", file, "--out", "a", "--seed", "9"}, here());
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_NE(again.err.find("--resume"), std::string::npos) << again.err;
  EXPECT_EQ(read_text(folder_ / "a/last.safetensors"), before);
}

TEST_F(Train, StartsFromATrainedModel) {
  ASSERT_EQ(run({"train", config(5), "--out", "a"}, here()).exit_code, 0);
  // A learning rate of 0 leaves what it started from.
  const Outcome tuned =
      run({"train", config(1), "--out", "b", "--init", "a/last.safetensors", "--set", "train.optimizer.lr=0"}, here());
  ASSERT_EQ(tuned.exit_code, 0) << tuned.err;
  const std::string from = read_text(folder_ / "a/last.safetensors");
  const std::string to = read_text(folder_ / "b/last.safetensors");
  EXPECT_EQ(from.substr(from.size() - 1000), to.substr(to.size() - 1000));
}

TEST_F(Train, InterruptedItSavesAndGoesOnBitForBit) {
  const std::string file = config(120);
  ASSERT_EQ(run({"train", file, "--threads", "2", "--out", "whole"}, here()).exit_code, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    const std::string out = "parts" + std::to_string(signal);
    RunOptions options = here();
    options.interrupt_signal = signal;
    options.interrupt_when = "step 40: validation";
    const Outcome first = run({"train", file, "--threads", "2", "--out", out}, options);
    EXPECT_EQ(first.exit_code, 130) << first.err;
    EXPECT_NE(first.err.find("stopping after this step"), std::string::npos) << first.err;
    EXPECT_NE(first.err.find("--resume"), std::string::npos) << first.err;
    const Outcome second = run({"train", out, "--resume", "--threads", "2"}, here());
    ASSERT_EQ(second.exit_code, 0) << second.err;
    for (const char* name : {"/last.safetensors", "/best.safetensors"}) {
      EXPECT_EQ(read_text(folder_ / ("whole" + std::string(name))), read_text(folder_ / (out + name))) << name;
    }
  }
}

TEST_F(Train, OnAFullDiskTheOldCheckpointSurvives) {
  ASSERT_EQ(run({"train", config(10), "--threads", "1", "--out", "a"}, here()).exit_code, 0);
  const std::string state = read_text(folder_ / "a/last.state");
  const std::string model = read_text(folder_ / "a/last.safetensors");
  RunOptions full = here();
  full.file_limit_bytes = 6000;
  const Outcome outcome = run({"train", "a", "--resume", "--threads", "1", "--set", "train.steps=20"}, full);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("error: "), std::string::npos) << outcome.err;
  EXPECT_EQ(read_text(folder_ / "a/last.state"), state);
  EXPECT_EQ(read_text(folder_ / "a/last.safetensors"), model);
  const Outcome again = run({"train", "a", "--resume", "--threads", "1", "--set", "train.steps=20"}, here());
  EXPECT_EQ(again.exit_code, 0) << again.err;
}

TEST_F(Train, OnAFullDiskTheBestModelIsOneThatTheStateKnows) {
  // The state does not fit, a model alone would.
  ASSERT_EQ(run({"train", config(10), "--threads", "1", "--out", "a"}, here()).exit_code, 0);
  const std::string best = read_text(folder_ / "a/best.safetensors");
  const std::string last = read_text(folder_ / "a/last.safetensors");
  const std::uintmax_t state_bytes = fs::file_size(folder_ / "a/last.state");
  ASSERT_GT(state_bytes, best.size() + 1000);
  RunOptions full = here();
  full.file_limit_bytes = state_bytes - 100;
  const Outcome outcome = run({"train", "a", "--resume", "--threads", "1", "--set", "train.steps=20", "--set",
                               "train.checkpoint_every=100", "--set", "train.optimizer.lr=0.01"},
                              full);
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_NE(outcome.err.find("(best so far)"), std::string::npos) << outcome.err;
  EXPECT_EQ(read_text(folder_ / "a/best.safetensors"), best);
  EXPECT_EQ(read_text(folder_ / "a/last.safetensors"), last);
}

TEST_F(Train, ASecondTrainingDoesNotWriteIntoTheFolder) {
  const std::string file = config(100000);
  RunOptions first = here();
  first.interrupt_when = "step 20: validation";
  first.interrupt_signal = SIGTERM;
  Outcome second;
  first.meanwhile = [&] { second = run({"train", file, "--out", "a", "--resume"}, here()); };
  const Outcome outcome = run({"train", file, "--out", "a"}, first);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_EQ(second.exit_code, 2);
  EXPECT_NE(second.err.find("another training is writing into it"), std::string::npos) << second.err;
}

TEST_F(Train, KilledTwentyTimesItStillEndsInTheSameBits) {
  constexpr int kKills = 20;
  const std::string file = config(150);
  const auto start = std::chrono::steady_clock::now();
  ASSERT_EQ(run({"train", file, "--threads", "1", "--out", "whole"}, here()).exit_code, 0);
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - start;
  std::mt19937 random(20);
  std::uniform_real_distribution<double> delay(0.0, 0.8 * whole.count());
  int killed = 0, resumed = 0;
  for (int part = 0; killed < kKills; ++part) {
    ASSERT_LT(part, 4 * kKills) << "the run ends before it can be killed";
    const bool exists = fs::exists(folder_.path() / "parts/config.json");
    RunOptions options = here();
    options.kill_after_seconds = delay(random);
    std::vector<std::string> arguments{"train", file, "--threads", "1", "--out", "parts"};
    if (exists) arguments.emplace_back("--resume");
    const Outcome outcome = run(arguments, options);
    if (outcome.err.find("resumed at step") != std::string::npos) ++resumed;
    if (outcome.exit_code == 128 + SIGKILL) {
      ++killed;
    } else {
      ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
      EXPECT_EQ(read_text(folder_ / "whole/last.safetensors"), read_text(folder_ / "parts/last.safetensors"));
      fs::remove_all(folder_.path() / "parts");  // and is begun anew, so that all the kills hit something
    }
  }
  EXPECT_GT(resumed, kKills / 4);
  std::vector<std::string> arguments{"train", file, "--threads", "1", "--out", "parts"};
  if (fs::exists(folder_.path() / "parts/config.json")) arguments.emplace_back("--resume");
  const Outcome last = run(arguments, here());
  ASSERT_EQ(last.exit_code, 0) << last.err;
  for (const char* name : {"/last.safetensors", "/best.safetensors"}) {
    EXPECT_EQ(read_text(folder_ / ("whole" + std::string(name))), read_text(folder_ / ("parts" + std::string(name))))
        << name;
  }
  // What was half-written when it was killed is gone or hidden, never under a file's real name.
  for (const std::string& name : names_in(folder_.path() / "parts")) EXPECT_NE(name.front(), '.') << name;
}

}  // namespace
}  // namespace nextframe::test
