#include "core/train/comparison.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "core/base/error.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

using test::SmallRun;

/// Two small networks on balls: a ConvGRU and a ConvLSTM.
class ComparisonTest : public ::testing::Test {
 protected:
  ComparisonTest() {
    options_.folder = (folder_.path() / "both").string();
    options_.timing = {.rounds = 1, .seconds = 0};
    for (const CellKind cell : {CellKind::kConvGru, CellKind::kConvLstm}) {
      SmallRun run;
      run.model.cell = cell;
      const std::string name = cell == CellKind::kConvGru ? "gru" : "lstm";
      contenders_.push_back({.name = name,
                             .origin = name + ".json",
                             .model = run.model,
                             .data = run.data,
                             .train = run.train,
                             .config = run.config()});
    }
  }

  ComparisonResult compare(
      const ComparisonOptions& options, const std::function<bool()>& interrupted = [] { return false; }) {
    Comparison comparison(contenders_, options,
                          {.backend = backend_,
                           .sources = sources_,
                           .log = log_,
                           .pictures = pictures_,
                           .interrupted = interrupted,
                           .display = Progress::Display::kSilent});
    return comparison.run();
  }

  /// The message with which the comparison is refused; nothing of it is written.
  std::string refusal(const ComparisonOptions& options) {
    try {
      compare(options);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRequest);
      EXPECT_FALSE(std::filesystem::exists(options.folder));
      return error.what();
    }
    return "nothing was refused";
  }

  /// From here on a contender is a model that is trained already, and a comparison goes into another folder.
  void make_trained(std::size_t contender) {
    const ComparisonResult trained = compare(options_);
    contenders_[contender].trained = trained.contenders[contender].runs[0].model;
    contenders_[contender].trained_on = read_model_file(contenders_[contender].trained).frames;
    options_.folder = (folder_.path() / "other").string();
  }

  static void expect_contains(const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }

  test::TemporaryFolder folder_;
  NullLog log_;
  NoPictures pictures_;
  ReferenceBackend backend_;
  SourceTable sources_ = engine_sources();
  std::vector<Contender> contenders_;
  ComparisonOptions options_;
};

TEST_F(ComparisonTest, HoldsEverythingThatATableNeeds) {
  options_.seeds = 2;
  options_.horizons = {4, 2, 4};
  const ComparisonResult result = compare(options_);
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(result.sequences, 5);
  EXPECT_EQ(result.horizons, (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(result.trained_horizon, 2);
  ASSERT_EQ(result.contenders.size(), 2U);
  const ContenderResult& gru = result.contenders[0];
  const ContenderResult& lstm = result.contenders[1];
  EXPECT_LT(gru.cost.parameters, lstm.cost.parameters);
  EXPECT_LT(gru.cost.step_operations, lstm.cost.step_operations);
  EXPECT_LT(gru.cost.forecast_operations, lstm.cost.forecast_operations);
  for (const ContenderResult& contender : result.contenders) {
    EXPECT_GT(contender.cost.step_seconds, 0);
    EXPECT_GT(contender.cost.frame_seconds, 0);
    EXPECT_TRUE(std::isfinite(contender.cost.step_seconds));
    EXPECT_EQ(contender.budget_steps, 6);
    ASSERT_EQ(contender.runs.size(), 2U);
    EXPECT_EQ(contender.runs[1].seed, contender.runs[0].seed + 1);
    EXPECT_TRUE(std::filesystem::exists(contender.runs[1].model));
    const SeedScores& mse = contender.scores.front();
    EXPECT_EQ(mse.mean.metric, "mse");
    ASSERT_EQ(mse.mean.by_lead_time.size(), 4U);
    for (std::size_t lead = 0; lead < 4; ++lead) {
      const double first = contender.runs[0].scores[0].by_lead_time[lead];
      const double second = contender.runs[1].scores[0].by_lead_time[lead];
      EXPECT_NEAR(mse.mean.by_lead_time[lead], (first + second) / 2, 1e-12);
      EXPECT_NEAR(mse.deviation[lead], std::abs(first - second) / std::sqrt(2.0), 1e-12);
    }
    EXPECT_NEAR(mse.means[0], (mse.mean.by_lead_time[0] + mse.mean.by_lead_time[1]) / 2, 1e-12);
  }
  EXPECT_EQ(result.baseline_names, (std::vector<std::string>{"persistence"}));
  ASSERT_EQ(result.pairs.size(), 1U);
  const PairResult& pair = result.pairs.front();
  EXPECT_EQ(pair.means.size(), 2 * result.metrics());
  EXPECT_EQ(pair.by_lead_time.size(), 4 * result.metrics());
  EXPECT_NEAR(pair.means[1].mean, gru.scores[0].means[1] - lstm.scores[0].means[1], 1e-6);
  EXPECT_EQ(pair.means[1].covers, Covers::kWindowsAndSeeds);
  EXPECT_NE(test::contents(folder_.path() / "both/comparison.json").find("\"pairs\""), std::string::npos);
}

/// What is to be the same of a comparison, whatever its past.
std::string scores_of(const ComparisonResult& result) {
  json::Value document = to_json(result);
  for (json::Value& contender : document.find("contenders")->items()) contender.erase("cost");
  for (json::Value& contender : document.find("contenders")->items()) {
    for (json::Value& run : contender.find("runs")->items()) run.erase("seconds");
  }
  return document.dump(1);
}

TEST_F(ComparisonTest, InterruptedAnywhereAndResumedGivesTheSameScores) {
  options_.seeds = 2;
  const std::string whole = scores_of(compare(options_));
  for (const int moment : {1, 5, 23, 40}) {
    SCOPED_TRACE(moment);
    std::filesystem::remove_all(options_.folder);
    ComparisonOptions options = options_;
    ASSERT_TRUE(compare(options, test::interrupt_at(moment)).interrupted);
    options.start = RunStart::kResume;
    EXPECT_EQ(scores_of(compare(options)), whole);
  }
}

TEST_F(ComparisonTest, ResumedItKeepsTheStepsAndSeedsThatItBeganWith) {
  options_.steps = 4;
  options_.seeds = 2;
  ASSERT_TRUE(compare(options_, test::interrupt_at(6)).interrupted);
  ComparisonOptions again = options_;
  again.steps.reset();
  again.seeds.reset();
  again.start = RunStart::kResume;
  const ComparisonResult result = compare(again);
  ASSERT_EQ(result.contenders[0].runs.size(), 2U);
  EXPECT_EQ(result.contenders[0].runs[0].steps, 4);
  std::swap(contenders_[0], contenders_[1]);
  EXPECT_THROW(compare(again), Error);
}

TEST_F(ComparisonTest, ResumedItRefusesAnotherLength) {
  options_.steps = 4;
  ASSERT_TRUE(compare(options_, test::interrupt_at(6)).interrupted);
  options_.start = RunStart::kResume;
  ComparisonOptions longer = options_;
  longer.steps = 6;
  EXPECT_THROW(compare(longer), Error);
  longer.steps.reset();
  longer.budget_seconds = 100;
  EXPECT_THROW(compare(longer), Error);
  EXPECT_EQ(compare(options_).contenders[1].runs[0].steps, 4);
}

TEST_F(ComparisonTest, TrainedModelsAreScoredAsTheyAre) {
  const ComparisonResult trained = compare(options_);
  for (std::size_t i = 0; i < 2; ++i) {
    contenders_[i].trained = trained.contenders[i].runs[0].model;
    contenders_[i].trained_on = read_model_file(contenders_[i].trained).frames;
  }
  options_.folder.clear();
  const ComparisonResult result = compare(options_);
  EXPECT_EQ(result.contenders[1].scores[0].means, trained.contenders[1].scores[0].means);
  EXPECT_EQ(result.pairs[0].means[0].mean, trained.pairs[0].means[0].mean);
  EXPECT_FALSE(result.contenders[0].trained_here);
  const NetworkCost& cost = result.contenders[0].cost;
  EXPECT_EQ(cost.step_seconds + cost.step_operations + static_cast<double>(cost.training_bytes), 0);
  EXPECT_EQ(cost.forecast_operations, trained.contenders[0].cost.forecast_operations);
  EXPECT_GT(cost.frame_seconds, 0);
}

TEST_F(ComparisonTest, ForecastsAreMeasuredOnWholeFrames) {
  contenders_[1] = contenders_[0];
  contenders_[1].name = "pieces";
  contenders_[1].data.crop = {4, 4};
  contenders_[1].config.set("data", options_to_json(contenders_[1].data));
  const ComparisonResult result = compare(options_);
  EXPECT_TRUE(result.trains_on_crops);
  const NetworkCost& whole = result.contenders[0].cost;
  const NetworkCost& pieces = result.contenders[1].cost;
  EXPECT_EQ(pieces.forecast_operations, whole.forecast_operations);
  EXPECT_LT(pieces.step_operations, whole.step_operations);
}

TEST_F(ComparisonTest, ATimeBudgetBecomesSteps) {
  options_.budget_seconds = 0.05;
  for (Contender& contender : contenders_) contender.train.validate_every = 0;
  const ComparisonResult result = compare(options_);
  for (const ContenderResult& contender : result.contenders) {
    EXPECT_GE(contender.budget_steps, 1);
    EXPECT_EQ(contender.runs[0].steps, contender.budget_steps);
  }
}

TEST_F(ComparisonTest, AnEndlessBudgetGivesTheMostSteps) {
  options_.budget_seconds = 3600e300;
  const ComparisonResult result = compare(options_, test::interrupt_at(1));
  EXPECT_EQ(result.contenders[0].budget_steps, static_cast<std::int64_t>(TrainOptions::kMostSteps));
}

TEST_F(ComparisonTest, RefusesABudgetWithoutAValidation) {
  options_.budget_seconds = 1e-9;
  expect_contains(refusal(options_), "too short for one validation");
}

TEST_F(ComparisonTest, RefusesOtherFramesAndNamesTheKeys) {
  contenders_[1].data.sources[0].seed = 7;
  contenders_[1].data.context = 4;
  const std::string message = refusal(options_);
  expect_contains(message, "gru.json and lstm.json cannot be compared");
  expect_contains(message, "data.sources[0].seed is 1 and 7");
  expect_contains(message, "data.context is 3 and 4");
}

TEST_F(ComparisonTest, RefusesOtherHorizonsSplitsAndBudgets) {
  contenders_[1].data.horizon = 5;
  expect_contains(refusal(options_), "data.horizon is 2 and 5");
  contenders_[1].data.horizon = 2;
  contenders_[1].data.split.train = 0.5;
  expect_contains(refusal(options_), "data.split.train is 0.7 and 0.5");
  contenders_[1].data.split.train = 0.7;
  contenders_[1].train.steps = 9;
  expect_contains(refusal(options_), "train.steps is 6 and 9; give both the same budget with --steps or --budget");
  options_.steps = 2;
  EXPECT_FALSE(compare(options_).interrupted);
}

TEST_F(ComparisonTest, HowAConfigurationTrainsIsItsOwnAffair) {
  contenders_[1].data.augment = {Augmentation::kFlip};
  contenders_[1].data.prefetch = 1;
  contenders_[1].train.batch = 3;
  contenders_[1].config.set("data", options_to_json(contenders_[1].data));
  EXPECT_NO_THROW(compare(options_));
}

TEST_F(ComparisonTest, NamesAModelThatWasTrainedOnOtherUnits) {
  make_trained(1);
  contenders_[1].trained_on->units = "dBZ";
  contenders_[1].trained_on->rain.unit = RainUnit::kDbz;
  expect_contains(refusal(options_), "lstm.json was trained on frames in dBZ with data.rain {");
}

TEST_F(ComparisonTest, RefusesModelsThatAreScoredOnAnotherRange) {
  make_trained(1);
  contenders_[1].trained_on->low = -1;
  contenders_[1].trained_on->high = 2;
  expect_contains(refusal(options_), "the values of gru.json are scored as 0..1 and those of lstm.json as -1..2");
}

TEST_F(ComparisonTest, LengthsAndSeedsAreThoseOfAllThatAreTrained) {
  make_trained(0);
  contenders_.push_back(contenders_[1]);
  contenders_[2].name = "third";
  contenders_[2].origin = "third.json";
  contenders_[2].train.steps = 9;
  expect_contains(refusal(options_), "lstm.json and third.json cannot be compared: train.steps is 6 and 9");
}

TEST_F(ComparisonTest, RefusesAWarmupThatTheBudgetDoesNotReach) {
  for (Contender& contender : contenders_) contender.train.schedule.warmup = 3;
  options_.steps = 3;
  expect_contains(refusal(options_), "train.schedule.warmup is 3 steps, and the budget gives 3");
}

TEST_F(ComparisonTest, RefusesAFolderOfSomethingElse) {
  std::filesystem::create_directory(options_.folder);
  test::SmallRun().go(test::SmallRun().request(std::filesystem::path(options_.folder) / "run"));
  EXPECT_THROW(compare(options_), Error);
  options_.folder = (folder_.path() / "new").string();
  ComparisonOptions resumed = options_;
  resumed.start = RunStart::kResume;
  expect_contains(refusal(resumed), "there is no comparison to resume");
  compare(options_);
  EXPECT_THROW(compare(options_), Error);
}

}  // namespace
}  // namespace nextframe
