#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "core/json/value.h"
#include "tests/app/program.h"

namespace nextframe::test {
namespace {

/// Two tiny configurations that differ by their cell.
class Compare : public ::testing::Test {
 protected:
  Compare() { write(40); }

  void write(int steps) {
    std::string text = tiny_config(steps);
    write_text(folder_ / "gru.json", renamed(text, "gru"));
    text.replace(text.find("convgru"), 7, "convlstm");
    write_text(folder_ / "lstm.json", renamed(text, "lstm"));
  }
  static std::string renamed(std::string text, const std::string& name) {
    return text.replace(text.find("tiny"), 4, name);
  }
  RunOptions here() const {
    RunOptions options;
    options.directory = folder_.path();
    return options;
  }
  Outcome compare(std::vector<std::string> more, const RunOptions& options) {
    more.insert(more.begin(), {"compare", "gru.json", "lstm.json", "--threads", "1"});
    return run(more, options);
  }
  /// Scores by lead time of all contenders and runs.
  static std::string scores_of(const std::string& path) {
    std::string out;
    const json::Value document = json::parse(read_text(path), path);
    for (const json::Value& contender : document.at("contenders", path).items(path)) {
      for (const json::Value& one : contender.at("runs", path).items(path)) out += one.at("scores", path).dump();
      out += contender.at("scores", path).dump();
    }
    return out + document.at("pairs", path).dump();
  }

  TemporaryFolder folder_;
};

TEST_F(Compare, PrintsOneTableAndWritesIt) {
  const Outcome outcome = compare(
      {"--seeds", "2", "--horizon", "4,8", "--out", "both", "--csv", "both.csv", "--report", "both.html"}, here());
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const char* part : {"parameters", "MB to train", "ms a training step", "ms a forecast frame", "mse +8",
                           "psnr (dB) mean to +4", "persistence", "95 % interval", "+-", "other seeds"}) {
    EXPECT_NE(outcome.out.find(part), std::string::npos) << part << "\n" << outcome.out;
  }
  EXPECT_EQ(names_in(folder_.path() / "both"),
            (std::vector<std::string>{"comparison.json", "gru", "lstm", "plan.json"}));
  EXPECT_EQ(names_in(folder_.path() / "both/gru"), (std::vector<std::string>{"seed-1", "seed-2"}));
  const std::string csv = read_text(folder_ / "both.csv");
  EXPECT_NE(csv.find("lstm,mse,,,8,"), std::string::npos) << csv;
  EXPECT_NE(csv.find("persistence,mse,,,1-8,"), std::string::npos) << csv;

  const std::string page = read_text(folder_ / "both.html");
  for (const char* part : {"<h2>Costs</h2>", "<h2>Training</h2>", "gru - lstm", "to +8", "<svg"}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
  const Outcome refused =
      run({"compare", "both/gru/seed-1", "both/lstm/seed-1", "--report", "both.html", "--threads", "1"}, here());
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_NE(refused.err.find("both.html: exists already"), std::string::npos) << refused.err;

  const Outcome models = run({"compare", "both/gru/seed-1", "both/lstm/seed-1", "--json", "--threads", "1"}, here());
  ASSERT_EQ(models.exit_code, 0) << models.err;
  const json::Value document = json::parse(models.out, "stdout");
  EXPECT_EQ(document.at("contenders", "").items("").size(), 2U);
  EXPECT_EQ(document.at("sequences", "").get<int>(""), 8);
}

TEST_F(Compare, KeepsWhatIsThereAndItsInputs) {
  ASSERT_EQ(compare({"--out", "both"}, here()).exit_code, 0);
  const std::string model = "both/gru/seed-1/best.safetensors";
  ASSERT_TRUE(std::filesystem::exists(folder_.path() / model));
  const auto refused = [&](const std::vector<std::string>& more, const std::string& message) {
    std::vector<std::string> all{"compare", "both/gru/seed-1", "both/lstm/seed-1", "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    const std::string before = read_text(folder_ / model);
    const Outcome outcome = run(all, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(read_text(folder_ / model), before);
  };
  write_text(folder_ / "there.csv", "mine");
  refused({"--csv", "there.csv"}, "exists already");
  EXPECT_EQ(read_text(folder_ / "there.csv"), "mine");
  refused({"--csv", model, "--overwrite"}, "is an input");
  refused({"--out", "models", "--csv", "models/comparison.json"}, "is written by another option, too");
  refused({"--out", "both", "--overwrite"}, "a comparison of configurations");
  refused({"--set", "train.steps=3"}, "trained already");

  const std::vector<std::string> into_folder{
      "compare", "both/gru/seed-1", "both/lstm/seed-1", "--out", "models", "--threads", "1"};
  ASSERT_EQ(run(into_folder, here()).exit_code, 0);
  EXPECT_EQ(names_in(folder_.path() / "models"), (std::vector<std::string>{"comparison.json"}));
  refused({"--out", "models"}, "exists already");
  std::vector<std::string> again = into_folder;
  again.insert(again.end(), {"--overwrite", "--csv", "there.csv"});
  EXPECT_EQ(run(again, here()).exit_code, 0);
  EXPECT_NE(read_text(folder_ / "there.csv"), "mine");
}

TEST_F(Compare, InterruptedAndResumedGivesTheSameScores) {
  ASSERT_EQ(compare({"--seeds", "2", "--out", "whole"}, here()).exit_code, 0);
  RunOptions options = here();
  options.interrupt_signal = SIGINT;
  options.interrupt_when = "lstm, seed 1: 40 steps";
  const Outcome outcome = compare({"--seeds", "2", "--out", "halves"}, options);
  ASSERT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_NE(outcome.err.find("--out halves --resume"), std::string::npos) << outcome.err;
  const Outcome resumed = compare({"--seeds", "2", "--out", "halves", "--resume"}, here());
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(scores_of(folder_ / "halves/comparison.json"), scores_of(folder_ / "whole/comparison.json"));
}

TEST_F(Compare, RefusesBeforeAnythingIsTrained) {
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& message) {
    const std::vector<std::string> before = names_in(folder_.path());
    std::vector<std::string> all{"compare"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run(all, here());
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find(message), std::string::npos) << outcome.err;
    EXPECT_EQ(names_in(folder_.path()), before);
  };
  refused({"gru.json"}, "two configurations or models");
  refused({"gru.json", "lstm.json", "--steps", "3", "--budget", "1m"}, "--steps and --budget");
  refused({"gru.json", "lstm.json", "--budget", "soon"}, "90s, 10m or 1.5h");
  refused({"gru.json", "lstm.json", "--budget", "0.00001s"}, "too short for one validation");
  refused({"gru.json", "lstm.json", "--metrics", "msee"}, "mse");
  refused({"gru.json", "lstm.json", "--baselines", "persistance"}, "persistence");
  refused({"gru.json", "lstm.json", "--resume"}, "no comparison to resume");
  refused({"gru.json", "lstm.json", "--horizon", "0"}, "--horizon");
  refused({"gru.json", "nothere"}, "nothere");
  refused({"gru.json", "lstm.json", "--csv", "gru.json", "--overwrite"}, "is an input");
  std::string other = renamed(tiny_config(40), "other");
  other.replace(other.find("[16, 16]"), 8, "[16, 24]");
  write_text(folder_ / "other.json", other);
  refused({"gru.json", "other.json"}, "data.sources[0].size[1] is 16 and 24");
}

}  // namespace
}  // namespace nextframe::test
