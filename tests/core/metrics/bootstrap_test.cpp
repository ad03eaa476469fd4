#include "core/metrics/bootstrap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

using Scores = std::vector<std::optional<double>>;

TEST(Bootstrap, TheIntervalIsThatOfTheNormalDistribution) {
  Random random(5);
  Scores ours, others;
  double sum = 0, squares = 0;
  for (int i = 0; i < 400; ++i) {
    const double common = 10 * random.normal();  // what pairing takes away
    const double gain = 0.3 + random.normal();
    ours.push_back(common + gain);
    others.push_back(common);
    sum += gain;
    squares += gain * gain;
  }
  const MeanDifference difference = bootstrap_difference(ours, others, {});
  const double mean = sum / 400;
  const double error = std::sqrt((squares / 400 - mean * mean) / 400);
  ASSERT_TRUE(difference.mean && difference.interval);
  EXPECT_NEAR(*difference.mean, mean, 1e-9);
  EXPECT_NEAR(difference.interval->low, mean - 1.96 * error, 0.1 * error);
  EXPECT_NEAR(difference.interval->high, mean + 1.96 * error, 0.1 * error);
  EXPECT_EQ(difference.windows, 400);
  const MeanDifference again = bootstrap_difference(ours, others, {});
  EXPECT_EQ(again.interval->low, difference.interval->low);
}

TEST(Bootstrap, BlocksWidenTheIntervalOfAlikeNeighbours) {
  Random random(6);
  Scores ours, others;
  double level = 0;
  for (int i = 0; i < 300; ++i) {
    if (i % 10 == 0) level = random.normal();
    ours.push_back(level);
    others.push_back(0.0);
  }
  const auto width = [&](std::int64_t block) {
    const MeanDifference difference = bootstrap_difference(ours, others, {.block = block});
    return difference.interval->high - difference.interval->low;
  };
  EXPECT_GT(width(10), 2 * width(1));
}

TEST(Bootstrap, MissingScoresDropThePair) {
  const Scores ours{1.0, std::nullopt, 3.0, 4.0, 5.0, 6.0};
  const Scores others{0.0, 0.0, std::nullopt, 1.0, 1.0, 1.0};
  const MeanDifference difference = bootstrap_difference(ours, others, {});
  EXPECT_EQ(difference.windows, 4);
  EXPECT_NEAR(*difference.mean, (1 + 3 + 4 + 5) / 4.0, 1e-12);
  EXPECT_TRUE(difference.interval);
}

TEST(Bootstrap, TooLittleSaysNothing) {
  EXPECT_FALSE(bootstrap_difference({}, {}, {}).mean);
  const Scores three{1.0, 2.0, 3.0}, zeros{0.0, 0.0, 0.0};
  EXPECT_TRUE(bootstrap_difference(three, zeros, {}).mean);
  EXPECT_FALSE(bootstrap_difference(three, zeros, {}).interval);
  const Scores many(20, 1.0), nulls(20, 0.0);
  EXPECT_TRUE(bootstrap_difference(many, nulls, {.block = 5}).interval);
  EXPECT_FALSE(bootstrap_difference(many, nulls, {.block = 6}).interval);
  Scores spoilt = many;
  spoilt[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(bootstrap_difference(spoilt, nulls, {}).interval);
  EXPECT_THROW(bootstrap_difference(three, nulls, {}), Error);
}

TEST(Bootstrap, OfAnyFigureOfWindows) {
  const std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 8};
  const auto largest = [&](std::span<const std::int64_t> drawn) {
    double found = 0;
    for (const std::int64_t window : drawn) found = std::max(found, values[static_cast<std::size_t>(window)]);
    return found;
  };
  const std::optional<Interval> interval = bootstrap_interval(8, {}, largest);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->high, 8);
  EXPECT_LT(interval->low, 8);
  EXPECT_FALSE(bootstrap_interval(8, {.block = 3}, largest));
  EXPECT_FALSE(bootstrap_interval(8, {}, [](std::span<const std::int64_t>) { return std::nan(""); }));
}

}  // namespace
}  // namespace nextframe
