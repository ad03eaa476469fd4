#include "core/metrics/sums.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "core/base/random.h"
#include "core/metrics/bootstrap.h"

namespace nextframe {
namespace {

/// Of the mean of values that come one by one, `block` of them at a time.
std::optional<Interval> mean_interval(const std::vector<double>& values, std::size_t block, std::uint64_t seed = 1) {
  LeadTimeSums sums(1, 2);
  sums.resample(BlockWeights::kResamples);
  BlockWeights weights(seed);
  for (std::size_t i = 0; i < values.size(); ++i) {
    sums.add(0, {.values = {values[i], 1}, .frames = 1});
    if ((i + 1) % block == 0 || i + 1 == values.size()) sums.end_block(weights.next());
  }
  std::vector<double> means;
  for (std::int64_t k = 0; k < BlockWeights::kResamples; ++k) {
    const Sums resampled = sums.resampled(k, 0);
    means.push_back(resampled.values[0] / resampled.values[1]);
  }
  return percentile_interval(std::move(means));
}

std::vector<double> normal_values(std::uint64_t seed, int count) {
  Random random(seed);
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(random.normal());
  return values;
}

TEST(BlockWeights, AreDrawnAsAmongMany) {
  BlockWeights weights, again;
  double sum = 0, squares = 0, none = 0;
  constexpr int kBlocks = 200;
  for (int block = 0; block < kBlocks; ++block) {
    const std::span<const std::uint8_t> drawn = weights.next();
    ASSERT_EQ(static_cast<std::int64_t>(drawn.size()), BlockWeights::kResamples);
    for (const std::uint8_t weight : drawn) {
      sum += weight;
      squares += weight * weight;
      none += weight == 0 ? 1 : 0;
    }
    EXPECT_TRUE(std::ranges::equal(drawn, again.next()));
  }
  const double count = static_cast<double>(kBlocks) * static_cast<double>(BlockWeights::kResamples);
  EXPECT_NEAR(sum / count, 1, 0.02);
  EXPECT_NEAR(squares / count - 1, 1, 0.04);  // the variance
  EXPECT_NEAR(none / count, std::exp(-1.0), 0.01);
  EXPECT_EQ(weights.blocks(), kBlocks);
}

TEST(LeadTimeSums, TheIntervalOfAMeanIsThatOfTheNormalDistribution) {
  const std::vector<double> values = normal_values(3, 400);
  double sum = 0, squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  const double mean = sum / 400, error = std::sqrt((squares / 400 - mean * mean) / 400);
  const std::optional<Interval> interval = mean_interval(values, 1);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, mean - 1.96 * error, 0.3 * error);
  EXPECT_NEAR(interval->high, mean + 1.96 * error, 0.3 * error);
}

TEST(LeadTimeSums, OneInTwentyIntervalsMissesTheTruth) {
  constexpr int kDraws = 1000;
  int missed = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::optional<Interval> interval =
        mean_interval(normal_values(static_cast<std::uint64_t>(draw) + 10, 100), 1, static_cast<std::uint64_t>(draw));
    ASSERT_TRUE(interval);
    missed += interval->low > 0 || interval->high < 0 ? 1 : 0;
  }
  EXPECT_GE(missed, 30);
  EXPECT_LE(missed, 70);
}

TEST(LeadTimeSums, ValuesThatAreAlikeAreDrawnTogether) {
  std::vector<double> repeated;
  for (const double value : normal_values(4, 60)) repeated.insert(repeated.end(), 5, value);
  const std::optional<Interval> together = mean_interval(repeated, 5), apart = mean_interval(repeated, 1);
  ASSERT_TRUE(together && apart);
  EXPECT_NEAR((together->high - together->low) / (apart->high - apart->low), std::sqrt(5.0), 0.5);
}

TEST(LeadTimeSums, WithoutWeightThereIsNoTraceOfWhatIsNoNumber) {
  LeadTimeSums sums(1, 1);
  sums.resample(2);
  sums.add(0, {.values = {std::numeric_limits<double>::quiet_NaN()}});
  sums.end_block(std::vector<std::uint8_t>{0, 1});
  EXPECT_EQ(sums.resampled(0, 0).values[0], 0);
  EXPECT_TRUE(std::isnan(sums.resampled(1, 0).values[0]));
}

TEST(PercentileInterval, LeavesOutWhatIsNotFiniteUnlessItIsTooMuch) {
  std::vector<double> figures;
  for (int i = 0; i <= 100; ++i) figures.push_back(100 - i);
  figures.push_back(std::numeric_limits<double>::quiet_NaN());
  const std::optional<Interval> interval = percentile_interval(figures);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->low, 2.5, 1e-9);
  EXPECT_NEAR(interval->high, 97.5, 1e-9);
  figures.insert(figures.end(), 20, std::numeric_limits<double>::infinity());
  EXPECT_FALSE(percentile_interval(figures));
  EXPECT_FALSE(percentile_interval({}));
}

}  // namespace
}  // namespace nextframe
