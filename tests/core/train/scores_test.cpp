#include "core/train/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/train/gains.h"

namespace nextframe {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

ForecastBatch batch_of(const std::vector<float>& forecast, const std::vector<float>& truth, std::int64_t horizon) {
  const std::int64_t side = std::llround(std::sqrt(static_cast<double>(std::ssize(forecast) / horizon)));
  return {.forecast = forecast.data(),
          .truth = truth.data(),
          .mask = nullptr,
          .horizon = horizon,
          .sequences = 1,
          .height = side,
          .width = side,
          .channels = 1};
}

/// A forecaster whose mean of `metric` is `means[0]` over everything and as given in the resamples behind it.
ForecasterScores with_means(const std::string& metric, const std::vector<double>& means) {
  MetricScores scores{.metric = metric, .mean = means.front()};
  for (int i = 0; i < 100; ++i) {
    scores.resampled_means.push_back(means[static_cast<std::size_t>(i) % (means.size() - 1) + 1]);
  }
  return {.name = metric, .metrics = {scores}};
}

TEST(ClearlyBest, OnlyWhereThePairedIntervalsSaySo) {
  const auto best = [](const std::string& metric, const std::vector<std::vector<double>>& means) {
    std::vector<ForecasterScores> forecasters;
    for (const std::vector<double>& one : means) forecasters.push_back(with_means(metric, one));
    compare_with_first(forecasters);
    return clearly_best(forecasters, 0);
  };
  // Their intervals overlap, but sequence by sequence one is always the better.
  EXPECT_EQ(best("mae", {{2, 1, 3}, {1.5, 0.5, 2.5}}), 1U);
  EXPECT_EQ(best("csi", {{0.5, 0.4, 0.6}, {0.4, 0.3, 0.5}}), 0U);
  EXPECT_EQ(best("mae", {{2, 1, 3}, {1.5, 1.5, 1.5}}), std::nullopt);
  EXPECT_EQ(best("mae", {{2, 1, 3}, {2, 1, 3}}), std::nullopt);
  EXPECT_EQ(best("mae", {{3, 3, 3}, {2, 1, 3}, {1.5, 1.5, 1.5}}), std::nullopt);  // the two that beat the first
  EXPECT_EQ(best("bias", {{0.1, 0.1, 0.1}, {-0.3, -0.3, -0.3}}), 0U);
  EXPECT_EQ(best("mae", {{1, 1, 1}}), std::nullopt);
  EXPECT_EQ(best("mae", {{kNaN, 1, 1}, {2, 2, 2}}), std::nullopt);
  std::vector<ForecasterScores> unpaired{with_means("mae", {1, 1, 1}), with_means("mae", {2, 2, 2})};
  EXPECT_EQ(clearly_best(unpaired, 0), std::nullopt);
  unpaired[0].metrics[0].resampled_means.clear();  // of too few sequences
  compare_with_first(unpaired);
  EXPECT_EQ(clearly_best(unpaired, 0), std::nullopt);
}

TEST(ScoreSheet, OneRowForEachThresholdAndWindow) {
  const ScoreSelection selection{
      .metrics = {"mae", "csi", "far", "csi_pool4", "fss"}, .thresholds = {0.5, 2}, .windows = {1, 3}};
  ScoreSheet sheet("a", selection, 2);
  std::vector<std::string> labels;
  const ForecasterScores scores = sheet.scores();
  for (const MetricScores& row : scores.metrics) labels.push_back(row.label());
  EXPECT_EQ(labels, (std::vector<std::string>{"mae", "csi >= 0.5", "csi >= 2", "far >= 0.5", "far >= 2",
                                              "csi_pool4 >= 0.5", "csi_pool4 >= 2", "fss >= 0.5 in 1 px",
                                              "fss >= 0.5 in 3 px", "fss >= 2 in 1 px", "fss >= 2 in 3 px"}));
  EXPECT_EQ(sheet.tables().size(), 2U);
  ASSERT_NE(scores.find("far", 2), nullptr);
  EXPECT_EQ(scores.find("far", 2)->threshold, 2);
  EXPECT_EQ(scores.find("far", 3), nullptr);
  for (const MetricScores& row : scores.metrics) EXPECT_TRUE(std::isnan(row.mean)) << row.label();
}

TEST(ScoreSheet, TakesPicturesAndValuesEachOnItsScale) {
  const std::vector<float> unit_forecast(4, 0.5F), unit_truth(4, 0.25F), forecast{8, 0, 8, 0}, truth{8, 8, 0, 0};
  ScoreSheet sheet("a", {.metrics = {"mae", "mae_openstl", "csi"}, .thresholds = {1}}, 1);
  sheet.add(batch_of(unit_forecast, unit_truth, 1), batch_of(forecast, truth, 1));
  const ForecasterScores scores = sheet.scores();
  EXPECT_DOUBLE_EQ(scores.find("mae")->mean, 4);
  EXPECT_DOUBLE_EQ(scores.find("mae_openstl")->mean, 1);
  EXPECT_DOUBLE_EQ(scores.find("csi")->mean, 1.0 / 3);
  EXPECT_EQ(scores.find("csi")->counts,
            (std::vector<Contingency>{{.hits = 1, .false_alarms = 1, .misses = 1, .correct_negatives = 1}}));
}

TEST(ScoreSheet, LeadTimesWithoutEventAreLeftOutOfTheMean) {
  const std::vector<float> forecast{1, 1, 0, 0, 0, 0, 0, 0}, truth{1, 0, 0, 0, 0, 0, 0, 0};
  ScoreSheet sheet("a", {.metrics = {"csi"}, .thresholds = {1}}, 2);
  sheet.add(batch_of(forecast, truth, 2));
  const ForecasterScores scores = sheet.scores();
  EXPECT_DOUBLE_EQ(scores.find("csi")->mean, 0.5);
  EXPECT_TRUE(std::isnan(scores.find("csi")->by_lead_time[1]));
}

TEST(ScoreSheet, RejectsWhatCannotBeCounted) {
  EXPECT_THROW(ScoreSheet("a", {.metrics = {"csi"}}, 1), Error);
  EXPECT_THROW(ScoreSheet("a", {.metrics = {"csi"}, .thresholds = {kNaN}}, 1), Error);
  EXPECT_THROW(ScoreSheet("a", {.metrics = {"fss"}, .thresholds = {1}, .windows = {0}}, 1), Error);
  EXPECT_THROW(ScoreSheet("a", {.metrics = {"cis"}, .thresholds = {1}}, 1), Error);
}

TEST(LeadTimeAbove, IsLinearBetweenLeadTimes) {
  EXPECT_DOUBLE_EQ(lead_time_above({0.8, 0.6, 0.4, 0.2}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(lead_time_above({0.8, 0.5, 0.4}, 0.5), 2);
  EXPECT_DOUBLE_EQ(lead_time_above({0.4, 0.9}, 0.5), 0);
  EXPECT_DOUBLE_EQ(lead_time_above({0.8, 0.7}, 0.5), 2);
  EXPECT_DOUBLE_EQ(lead_time_above({0.8, kNaN, 0.7}, 0.5), 1);
  EXPECT_DOUBLE_EQ(lead_time_above({kNaN}, 0.5), 0);
  EXPECT_DOUBLE_EQ(lead_time_above({}, 0.5), 0);
}

/// Eight sequences of four pixels, of which the first hits `hits[n]` of the four events.
EventHistory history_of(const std::vector<int>& hits) {
  ScoreSheet sheet("a", {.metrics = {"csi"}, .thresholds = {1}}, 1);
  EventHistory history;
  const std::vector<float> truth(4, 1);
  for (const int count : hits) {
    std::vector<float> forecast(4, 0);
    for (int i = 0; i < count; ++i) forecast[static_cast<std::size_t>(i)] = 1;
    sheet.add(batch_of(forecast, truth, 1));
    history.remember(sheet);
  }
  return history;
}

TEST(CsiGain, IsTheDifferenceOfTheSums) {
  const EventHistory good = history_of({4, 3, 4, 3, 4, 3, 4, 3}), bad = history_of({1, 2, 1, 2, 1, 2, 1, 2});
  const std::vector<CsiGain> gains = good.gains_over(bad, 2);
  ASSERT_EQ(gains.size(), 1U);
  EXPECT_EQ(gains[0].threshold, 1);
  EXPECT_EQ(gains[0].sequences, 8);
  EXPECT_DOUBLE_EQ(gains[0].mean, 28.0 / 32 - 12.0 / 32);
  // Blocks of two are all alike: one good and one less good.
  EXPECT_DOUBLE_EQ(gains[0].low, 0.5);
  EXPECT_DOUBLE_EQ(gains[0].high, 0.5);
  const std::vector<CsiGain> single = good.gains_over(bad, 1);
  EXPECT_LT(single[0].low, 0.5);
  EXPECT_GT(single[0].high, 0.5);
  EXPECT_EQ(good.gains_over(bad, 100)[0].block, 2);
}

TEST(CsiGain, NeedsEventsAndSequences) {
  EXPECT_TRUE(EventHistory().gains_over(EventHistory(), 1).empty());
  const EventHistory few = history_of({4, 3});
  EXPECT_TRUE(std::isnan(few.gains_over(few, 1)[0].low));
  EXPECT_EQ(few.gains_over(few, 1)[0].mean, 0);
}

}  // namespace
}  // namespace nextframe
