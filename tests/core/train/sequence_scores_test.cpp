#include "core/train/sequence_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "core/base/random.h"

namespace nextframe {
namespace {

constexpr std::int64_t kLeads = 3;
constexpr std::int64_t kSide = 4;
constexpr std::int64_t kPixels = kSide * kSide;

/// A sequence whose truth is 0 and whose forecast is wrong by a number at each lead time.
void add(SequenceScores& history, const std::vector<double>& errors, const float* mask = nullptr) {
  std::vector<float> truth(kLeads * kPixels, 0.0F), forecast;
  for (const double error : errors) forecast.insert(forecast.end(), kPixels, static_cast<float>(error));
  history.add({.forecast = forecast.data(),
               .truth = truth.data(),
               .mask = mask,
               .horizon = kLeads,
               .sequences = 1,
               .height = kSide,
               .width = kSide});
}

SequenceScores make_history(const ScoreSelection& scores) { return {scores, kLeads, ScoreScales(FrameFormat{})}; }

TEST(SequenceScores, FiguresByHand) {
  SequenceScores history = make_history({.metrics = {"mse", "csi"}, .thresholds = {0.5}});
  add(history, {0.5, 1, 2});
  add(history, {0, 1, 0});
  EXPECT_EQ(history.sequences(), 2);
  EXPECT_EQ(history.metrics(), 2U);
  EXPECT_EQ(history.metric(1).label(), "csi >= 0.5");
  const std::vector<std::int64_t> both{0, 1}, second{1, 1};
  EXPECT_EQ(history.by_lead_time(0, {.first = 1, .last = 3}, both), (std::vector<double>{0.125, 1, 2}));
  EXPECT_EQ(history.by_lead_time(0, {.first = 2, .last = 3}, second), (std::vector<double>{1, 0}));
  // All that is forecast is a false alarm; where nothing is forecast, the score is missing and does not count.
  EXPECT_EQ(history.by_lead_time(1, {.first = 1, .last = 3}, both), (std::vector<double>{0, 0, 0}));
  EXPECT_TRUE(std::isnan(history.by_lead_time(1, {.first = 1, .last = 1}, second)[0]));
}

class CompareScores : public ::testing::Test {
 protected:
  /// `runs` of a forecaster whose errors have this size, and differ by `luck` from run to run.
  static std::vector<std::unique_ptr<SequenceScores>> runs(int count, double size, double luck, std::uint64_t seed) {
    std::vector<std::unique_ptr<SequenceScores>> histories;
    for (int run = 0; run < count; ++run) {
      histories.push_back(std::make_unique<SequenceScores>(make_history({.metrics = {"mae", "bias"}})));
      Random random(seed, static_cast<std::uint64_t>(run));
      const double own = size + luck * random.normal();
      for (int sequence = 0; sequence < 60; ++sequence) {
        const double error = own + 0.01 * random.normal();
        add(*histories.back(), {error, error, error});
      }
    }
    return histories;
  }

  static ScoreContrast compare(const std::vector<std::unique_ptr<SequenceScores>>& first,
                               const std::vector<std::unique_ptr<SequenceScores>>& second, std::size_t metric = 0) {
    std::vector<const SequenceScores*> mine, others;
    for (const auto& run : first) mine.push_back(run.get());
    for (const auto& run : second) others.push_back(run.get());
    return compare_scores(mine, others, metric, {.first = 1, .last = 3}, 1);
  }
};

TEST_F(CompareScores, TheBetterOneIsNamedWhereTheDataSaySo) {
  const ScoreContrast worse = compare(runs(3, 0.2, 0.001, 1), runs(3, 0.1, 0.001, 2));
  EXPECT_NEAR(worse.mean, 0.1, 0.01);
  ASSERT_TRUE(worse.interval);
  EXPECT_LT(worse.interval->low, worse.mean);
  EXPECT_GT(worse.interval->high, worse.mean);
  EXPECT_EQ(worse.better, Verdict::kSecond);
  EXPECT_EQ(worse.covers, Covers::kWindowsAndSeeds);
  EXPECT_EQ(worse.windows, 60);
  EXPECT_EQ(compare(runs(3, 0.1, 0.001, 1), runs(3, 0.2, 0.001, 2)).better, Verdict::kFirst);
}

TEST_F(CompareScores, SeedsThatDifferKeepTheQuestionOpen) {
  const auto first = runs(3, 0.2, 0.05, 1), second = runs(3, 0.22, 0.05, 2);
  const ScoreContrast open = compare(first, second);
  EXPECT_EQ(open.better, Verdict::kOpen);
  // The same weights on other windows would be told apart.
  const ScoreContrast alone = compare(runs(1, 0.2, 0, 1), runs(1, 0.22, 0, 2));
  EXPECT_EQ(alone.covers, Covers::kWindows);
  EXPECT_EQ(alone.better, Verdict::kFirst);
  EXPECT_LT(alone.interval->high - alone.interval->low, open.interval->high - open.interval->low);
}

TEST_F(CompareScores, AScoreThatIsBestNearAValueRanksNobody) {
  EXPECT_EQ(compare(runs(2, 0.2, 0, 1), runs(2, 0.1, 0, 2), 1).better, Verdict::kOpen);
}

TEST_F(CompareScores, SequencesWithoutAScoreAreLeftOut) {
  std::vector<std::unique_ptr<SequenceScores>> first, second;
  const std::vector<float> nothing(kLeads * kPixels, 0.0F);
  for (auto* side : {&first, &second}) {
    side->push_back(std::make_unique<SequenceScores>(make_history({.metrics = {"mae"}})));
    for (int i = 0; i < 10; ++i) add(*side->back(), {1, 1, 1}, i == 4 ? nothing.data() : nullptr);
  }
  const ScoreContrast difference = compare(first, second);
  EXPECT_EQ(difference.windows, 9);
  EXPECT_EQ(difference.mean, 0);
}

TEST_F(CompareScores, LeadTimesThatOneSideLacksAreLeftOut) {
  // A perfect frame has no psnr; at the other lead times both are alike.
  const auto one = [](const std::vector<double>& errors) {
    std::vector<std::unique_ptr<SequenceScores>> side;
    side.push_back(std::make_unique<SequenceScores>(make_history({.metrics = {"psnr"}})));
    for (int i = 0; i < 10; ++i) add(*side.back(), errors);
    return side;
  };
  const ScoreContrast difference = compare(one({0, 0.1, 0.1}), one({0.5, 0.1, 0.1}));
  EXPECT_NEAR(difference.mean, 0, 1e-6);
  EXPECT_EQ(difference.better, Verdict::kOpen);
}

TEST_F(CompareScores, PooledScoresAreThoseOfAllSequencesTogether) {
  const auto one = [](const std::vector<double>& sizes) {
    std::vector<std::unique_ptr<SequenceScores>> side;
    side.push_back(std::make_unique<SequenceScores>(make_history({.metrics = {"rmse"}})));
    for (const double size : sizes) add(*side.back(), {size, size, size});
    return side;
  };
  const ScoreContrast difference = compare(one({0.1, 0.7, 0.1, 0.7, 0.1, 0.7}), one({0.5, 0.5, 0.5, 0.5, 0.5, 0.5}));
  EXPECT_NEAR(difference.mean, 0, 1e-6);
}

TEST_F(CompareScores, AMaskWeighsSequences) {
  std::vector<float> few(kLeads * kPixels, 0.0F);
  for (std::int64_t lead = 0; lead < kLeads; ++lead) few[static_cast<std::size_t>(lead * kPixels)] = 1;
  const auto one = [&](double often, double seldom) {
    std::vector<std::unique_ptr<SequenceScores>> side;
    side.push_back(std::make_unique<SequenceScores>(make_history({.metrics = {"mae"}})));
    for (int i = 0; i < 10; ++i) {
      const double error = i % 2 == 0 ? often : seldom;
      add(*side.back(), {error, error, error}, i % 2 == 0 ? nullptr : few.data());
    }
    return side;
  };
  // 16 pixels with one error for each pixel with the other.
  EXPECT_NEAR(compare(one(0.5, 0), one(0, 0)).mean, 0.5 * 16 / 17, 1e-6);
}

TEST_F(CompareScores, CorrelationsOfSequencesAreTakenFromOneOrigin) {
  SequenceScores history = make_history({.metrics = {"correlation"}});
  ScoreSheet sheet("", {.metrics = {"correlation"}}, kLeads);
  Random random(3);
  const std::vector<std::int64_t> all{0, 1, 2};
  for (std::size_t sequence = 0; sequence < all.size(); ++sequence) {
    std::vector<float> forecast, truth;
    for (std::int64_t i = 0; i < kLeads * kPixels; ++i) {
      truth.push_back(static_cast<float>(static_cast<double>(sequence) + random.normal()));
      forecast.push_back(truth.back() + static_cast<float>(random.normal()));
    }
    const ForecastBatch batch{.forecast = forecast.data(),
                              .truth = truth.data(),
                              .horizon = kLeads,
                              .sequences = 1,
                              .height = kSide,
                              .width = kSide};
    history.add(batch);
    sheet.add(batch);
  }
  const std::vector<double> scores = history.by_lead_time(0, {.first = 1, .last = kLeads}, all);
  for (std::size_t lead = 0; lead < scores.size(); ++lead) {
    EXPECT_NEAR(scores[lead], sheet.scores().metrics[0].by_lead_time[lead], 1e-9);
  }
}

}  // namespace
}  // namespace nextframe
