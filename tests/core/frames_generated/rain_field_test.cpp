#include "core/frames/generated/rain_field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace nextframe {
namespace {

std::vector<float> sequence(const SequenceGenerator& generator, std::uint64_t index, std::int64_t length) {
  std::vector<float> frames(static_cast<std::size_t>(length * generator.height() * generator.width()), -1.0F);
  generator.generate(index, length, frames.data());
  return frames;
}

/// Pearson's correlation of frame 0 with frame `t` moved back by (dy, dx), over the part that both have.
double correlation(const std::vector<float>& frames, std::int64_t t, std::int64_t dy, std::int64_t dx,
                   std::int64_t side) {
  double count = 0, a_sum = 0, b_sum = 0, aa = 0, bb = 0, ab = 0;
  for (std::int64_t y = 0; y < side; ++y) {
    for (std::int64_t x = 0; x < side; ++x) {
      if (y + dy < 0 || y + dy >= side || x + dx < 0 || x + dx >= side) continue;
      const double a = frames[static_cast<std::size_t>(y * side + x)];
      const double b = frames[static_cast<std::size_t>((t * side + y + dy) * side + x + dx)];
      count += 1;
      a_sum += a;
      b_sum += b;
      aa += a * a;
      bb += b * b;
      ab += a * b;
    }
  }
  return (ab - a_sum * b_sum / count) / std::sqrt((aa - a_sum * a_sum / count) * (bb - b_sum * b_sum / count));
}

TEST(RainField, TheSameIndexGivesTheSameFramesAndALongerSequenceBeginsAlike) {
  const RainField generator({});
  const std::vector<float> once = sequence(generator, 3ULL << 61, 8);
  EXPECT_EQ(once, sequence(generator, 3ULL << 61, 8));
  const std::vector<float> shorter = sequence(generator, 3ULL << 61, 3);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), once.begin()));
  EXPECT_NE(once, sequence(generator, 0, 8));
}

TEST(RainField, HasDryAndWetParts) {
  const RainField generator({});
  double dry = 0, bright = 0, all = 0;
  for (std::uint64_t index = 0; index < 100; ++index) {
    for (const float pixel : sequence(generator, index, 1)) {
      ASSERT_TRUE(pixel >= 0 && pixel <= 1);
      all += 1;
      dry += pixel == 0;
      bright += pixel > 0.5F;
    }
  }
  EXPECT_GT(dry / all, 0.25);
  EXPECT_LT(dry / all, 0.67);
  EXPECT_GT(bright / all, 0.02);
  EXPECT_LT(bright / all, 0.3);
}

TEST(RainField, IsCarriedAlongByTheWind) {
  const RainField generator({.height = 96, .width = 96, .speed = 2, .growth = 0});
  double still = 0, followed = 0;
  for (std::uint64_t index = 0; index < 10; ++index) {
    const std::vector<float> frames = sequence(generator, index, 4);
    still += correlation(frames, 3, 0, 0, 96) / 10;
    double best = -1;
    for (std::int64_t dy = -8; dy <= 8; ++dy) {
      for (std::int64_t dx = -8; dx <= 8; ++dx) best = std::max(best, correlation(frames, 3, dy, dx, 96));
    }
    followed += best / 10;
  }
  EXPECT_GT(followed, 0.95);
  EXPECT_LT(still, followed - 0.15);
}

TEST(RainField, GrowthIsTheChangeOfAFieldThatStandsStill) {
  const auto change = [](double growth) {
    double squares = 0, variance = 0;
    for (std::uint64_t index = 0; index < 10; ++index) {
      const std::vector<float> frames = sequence(RainField({.speed = 0, .growth = growth}), index, 2);
      double mean = 0;
      for (std::size_t i = 0; i < 4096; ++i) mean += frames[i] / 4096.0;
      for (std::size_t i = 0; i < 4096; ++i) {
        squares += std::pow(frames[4096 + i] - frames[i], 2);
        variance += std::pow(frames[i] - mean, 2);
      }
    }
    return std::sqrt(squares / variance);
  };
  EXPECT_LT(change(0), 0.25);  // the turn about the centre alone
  EXPECT_GT(change(0.3), change(0.1));
  EXPECT_GT(change(0.1), change(0));
}

}  // namespace
}  // namespace nextframe
