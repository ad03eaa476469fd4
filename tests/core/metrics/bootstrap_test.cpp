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

/// Draws in which an interval for the difference of equals does not hold 0.
template <class Draw>
int false_claims(int draws, const Draw& draw_interval) {
  int claims = 0;
  for (int i = 0; i < draws; ++i) {
    Random random(99, static_cast<std::uint64_t>(i));
    const std::optional<Interval> interval = draw_interval(random);
    if (!interval) return -1;
    if (interval->low > 0 || interval->high < 0) ++claims;
  }
  return claims;
}

TEST(Bootstrap, EqualForecastersAreCalledDifferentAboutOneTimeInTwenty) {
  const int claims = false_claims(1000, [](Random& random) {
    Scores ours, others;
    for (int i = 0; i < 80; ++i) {
      const double common = 10 * random.normal();
      ours.push_back(common + random.normal());
      others.push_back(common + random.normal());
    }
    return bootstrap_difference(ours, others, {.resamples = 400, .width = BootstrapOptions::Width::kCorrected})
        .interval;
  });
  EXPECT_GE(claims, 30);
  EXPECT_LE(claims, 70);
}

/// Windows that overlap: each score is a mean of five neighbours, so that neighbours are alike.
TEST(Bootstrap, SoAreThoseOfOverlappingWindowsInBlocks) {
  const auto claims_with = [](int draws, const BootstrapOptions& options) {
    return false_claims(draws, [&](Random& random) {
      std::vector<double> frames(404);
      for (double& frame : frames) frame = random.normal();
      Scores ours, nulls(400, 0.0);
      for (std::size_t i = 0; i + 5 <= frames.size(); ++i) {
        ours.push_back((frames[i] + frames[i + 1] + frames[i + 2] + frames[i + 3] + frames[i + 4]) / 5);
      }
      return bootstrap_difference(ours, nulls, options).interval;
    });
  };
  const int in_blocks =
      claims_with(1000, {.resamples = 150, .block = 5, .width = BootstrapOptions::Width::kCorrected, .overlap = 5});
  EXPECT_GE(in_blocks, 30);
  EXPECT_LE(in_blocks, 70);
  EXPECT_GT(claims_with(100, {.resamples = 150}), 20);  // what blocks are for
}

/// Runs of two equal configurations: a seed is worth as much as the windows are, or nothing, or everything.
TEST(Bootstrap, SeedsAreAllowedFor) {
  constexpr std::size_t kWindows = 30;
  const auto claims_with = [](double seed_deviation, std::size_t runs, bool allow) {
    return false_claims(1000, [&](Random& random) {
      std::vector<double> differences(kWindows, 0.0);
      std::vector<double> figures[2];
      for (int side = 0; side < 2; ++side) {
        for (std::size_t run = 0; run < runs; ++run) {
          const double luck = seed_deviation * random.normal();
          double sum = 0;
          for (double& difference : differences) {
            const double score = luck + random.normal();
            sum += score;
            difference += (side == 0 ? score : -score) / static_cast<double>(runs);
          }
          figures[side].push_back(sum / static_cast<double>(kWindows));
        }
      }
      std::vector<RunSpread> spreads;
      if (allow) spreads = {RunSpread(figures[0]), RunSpread(figures[1])};
      return bootstrap_interval(
          kWindows, {.resamples = 150},
          [&](std::span<const std::int64_t> drawn) {
            double sum = 0;
            for (const std::int64_t window : drawn) sum += differences[static_cast<std::size_t>(window)];
            return sum / static_cast<double>(drawn.size());
          },
          spreads);
    });
  };
  for (const double deviation : {0.0, 0.2, 1.0}) EXPECT_LE(claims_with(deviation, 3, true), 70) << deviation;
  EXPECT_GE(claims_with(1.0, 3, true), 10);
  EXPECT_GT(claims_with(1.0, 3, false), 300);  // other windows alone are not other seeds
}

TEST(Bootstrap, TheCorrectionIsThatOfFewBlocks) {
  const std::vector<double> values{1, 2, 3, 5, 8};
  const auto mean = [&](std::span<const std::int64_t> drawn) {
    double sum = 0;
    for (const std::int64_t window : drawn) sum += values[static_cast<std::size_t>(window)];
    return sum / static_cast<double>(drawn.size());
  };
  const std::optional<Interval> plain = bootstrap_interval(5, {}, mean);
  const std::optional<Interval> wider = bootstrap_interval(5, {.width = BootstrapOptions::Width::kCorrected}, mean);
  const double stretch = std::sqrt(5.0 / 4) * 2.776 / 1.960;  // t of 4 degrees of freedom, to two per cent
  EXPECT_NEAR(wider->high - 3.8, stretch * (plain->high - 3.8), 0.08);
  EXPECT_NEAR(wider->low - 3.8, stretch * (plain->low - 3.8), 0.08);
}

TEST(Bootstrap, TheSpreadOfRuns) {
  const std::vector<double> figures{1, 2, 3, 6};
  EXPECT_NEAR(RunSpread(figures).standard_error, std::sqrt(14.0 / 3 / 4), 1e-12);
  EXPECT_EQ(RunSpread(figures).runs, 4);
  const auto zero = [](std::span<const std::int64_t>) { return 0.0; };
  const std::vector<RunSpread> lone{RunSpread(std::span(figures).first(1))};
  EXPECT_FALSE(bootstrap_interval(20, {}, zero, lone));
  const std::vector<RunSpread> spread{RunSpread(figures)};
  const std::optional<Interval> interval = bootstrap_interval(20, {.resamples = 20000}, zero, spread);
  ASSERT_TRUE(interval);
  EXPECT_NEAR(interval->high, 3.182 * spread.front().standard_error, 0.25);  // Student's t, 3 degrees of freedom
}

}  // namespace
}  // namespace nextframe
