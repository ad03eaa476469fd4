#include "core/metrics/contingency.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "core/metrics/metric_table.h"

namespace nextframe {
namespace {

TEST(Contingency, AnEventIsAValueOfAtLeastTheThreshold) {
  const std::vector<float> forecast{1, 1, 0.99F, 0, 2, 7};
  const std::vector<float> truth{1, 0.5F, 3, 0, 1.5F, 7};
  const std::vector<float> mask{1, 1, 1, 1, 1, 0};
  ContingencyTable table(2, 1.0, 1);
  table.add(1, {forecast.data(), truth.data(), mask.data(), 2, 3, 1});
  EXPECT_EQ(table.per_lead()[0], Contingency{});
  const Contingency expected{.hits = 2, .false_alarms = 1, .misses = 1, .correct_negatives = 1};
  EXPECT_EQ(table.per_lead()[1], expected);
  EXPECT_EQ(expected.observed(), 3);
  EXPECT_EQ(expected.forecast(), 3);
  EXPECT_EQ(expected.total(), 5);
  EXPECT_DOUBLE_EQ(*critical_success_index(expected), 0.5);
  EXPECT_DOUBLE_EQ(*probability_of_detection(expected), 2.0 / 3);
  EXPECT_DOUBLE_EQ(*false_alarm_ratio(expected), 1.0 / 3);
  EXPECT_DOUBLE_EQ(*frequency_bias(expected), 1);
  // 3 * 3 / 5 hits by chance: (2 - 1.8) / (4 - 1.8).
  EXPECT_DOUBLE_EQ(*gilbert_skill_score(expected), 0.2 / 2.2);
}

TEST(Contingency, SumsUpOverFrames) {
  ContingencyTable table(1, 0.5, 1);
  const std::vector<float> wet{1}, dry{0};
  table.add(0, {wet.data(), wet.data(), nullptr, 1, 1, 1});
  table.add(0, {wet.data(), dry.data(), nullptr, 1, 1, 1});
  Contingency sum = table.per_lead()[0];
  sum += table.per_lead()[0];
  EXPECT_EQ(sum, (Contingency{.hits = 2, .false_alarms = 2}));
}

TEST(Contingency, WithoutEventsScoresAreMissing) {
  const Contingency dry{.correct_negatives = 100}, always{.hits = 100},
      never{.false_alarms = 10, .correct_negatives = 9};
  for (const MetricEntry& entry : kMetrics) {
    if (entry.formula == nullptr) continue;
    EXPECT_FALSE(entry.formula({})) << entry.name;
    EXPECT_FALSE(entry.formula(dry)) << entry.name;
  }
  EXPECT_EQ(critical_success_index(always), 1);
  EXPECT_FALSE(gilbert_skill_score(always));
  EXPECT_FALSE(probability_of_detection(never));
  EXPECT_FALSE(frequency_bias(never));
  EXPECT_EQ(false_alarm_ratio(never), 1);
}

TEST(Contingency, WhatIsNotANumberShows) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> forecast{none, 1, 1, 1}, truth{1, 1, 1, 1}, mask{0, 1, 1, 1};
  for (const std::int64_t pool : {1, 2}) {
    ContingencyTable shown(1, 0.5, pool), masked(1, 0.5, pool);
    shown.add(0, {forecast.data(), truth.data(), nullptr, 2, 2, 1});
    masked.add(0, {forecast.data(), truth.data(), mask.data(), 2, 2, 1});
    EXPECT_EQ(shown.per_lead()[0].undefined, 1);
    EXPECT_EQ(masked.per_lead()[0].undefined, 0);
    for (const MetricEntry& entry : kMetrics) {
      if (entry.formula == nullptr) continue;
      EXPECT_TRUE(std::isnan(entry.formula(shown.per_lead()[0]).value_or(0))) << entry.name;
    }
  }
}

TEST(Contingency, PoolsTakeTheLargestValueAndDropWhatIsLeftOver) {
  // 3x5 pixels: two squares of 2x2, the last row and column left over.
  const std::vector<float> forecast{0, 9, 0, 0, 9,  //
                                    0, 0, 0, 0, 9,  //
                                    9, 9, 9, 9, 9};
  const std::vector<float> truth{0, 0, 0, 0, 0,  //
                                 9, 0, 0, 9, 0,  //
                                 0, 0, 0, 0, 0};
  ContingencyTable table(1, 1, 2);
  table.add(0, {forecast.data(), truth.data(), nullptr, 3, 5, 1});
  EXPECT_EQ(table.per_lead()[0], (Contingency{.hits = 1, .misses = 1}));
  const std::vector<float> mask{0, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1, 1};
  ContingencyTable masked(1, 1, 2);
  masked.add(0, {forecast.data(), truth.data(), mask.data(), 3, 5, 1});
  EXPECT_EQ(masked.per_lead()[0], (Contingency{.correct_negatives = 1}));
}

}  // namespace
}  // namespace nextframe
