#include "core/frames/generated/bouncing_balls.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

#include "core/base/error.h"

namespace nextframe {
namespace {

std::vector<float> sequence(const SequenceGenerator& generator, std::uint64_t index, std::int64_t length) {
  std::vector<float> frames(static_cast<std::size_t>(length * generator.height() * generator.width()), -1.0F);
  generator.generate(index, length, frames.data());
  return frames;
}

TEST(BouncingBalls, TheSameIndexGivesTheSameFramesAndALongerSequenceBeginsAlike) {
  const BouncingBalls generator({});
  const std::vector<float> once = sequence(generator, 17, 20);
  EXPECT_EQ(once, sequence(generator, 17, 20));
  const std::vector<float> shorter = sequence(generator, 17, 3);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), once.begin()));
  EXPECT_NE(once, sequence(generator, 18, 20));
}

TEST(BouncingBalls, OneBallKeepsItsSizeAndStaysWholeForAThousandFrames) {
  const BouncingBallsOptions options{.height = 40, .width = 56, .balls = 1, .radius = 5, .speed = 3};
  const BouncingBalls generator(options);
  const std::int64_t length = 1000;
  const std::vector<float> frames = sequence(generator, 4, length);
  const auto size = static_cast<std::size_t>(options.height * options.width);
  double smallest = 1e9, largest = 0;
  for (std::size_t t = 0; t < static_cast<std::size_t>(length); ++t) {
    const double sum = std::accumulate(frames.begin() + static_cast<std::ptrdiff_t>(t * size),
                                       frames.begin() + static_cast<std::ptrdiff_t>((t + 1) * size), 0.0);
    smallest = std::min(smallest, sum);
    largest = std::max(largest, sum);
  }
  // The fading edge reaches one pixel over the wall, so a little is lost there.
  EXPECT_GT(smallest, 0.9 * largest);
  EXPECT_GT(largest, 0.45 * 3.14 * 25);
}

TEST(BouncingBalls, TheBallMovesByTheSpeed) {
  const BouncingBalls generator({.balls = 1, .radius = 4, .speed = 2});
  const std::vector<float> frames = sequence(generator, 9, 30);
  const auto centre = [&](std::int64_t t) {
    double sum = 0, y_sum = 0, x_sum = 0;
    for (std::int64_t y = 0; y < 64; ++y) {
      for (std::int64_t x = 0; x < 64; ++x) {
        const double weight = frames[static_cast<std::size_t>((t * 64 + y) * 64 + x)];
        sum += weight;
        y_sum += weight * static_cast<double>(y);
        x_sum += weight * static_cast<double>(x);
      }
    }
    return std::pair(y_sum / sum, x_sum / sum);
  };
  int free_flight = 0;
  for (std::int64_t t = 1; t < 30; ++t) {
    const auto [y0, x0] = centre(t - 1);
    const auto [y1, x1] = centre(t);
    const double moved = std::hypot(y1 - y0, x1 - x0);
    EXPECT_LT(moved, 2.1);
    if (std::abs(moved - 2) < 0.1) ++free_flight;
  }
  EXPECT_GT(free_flight, 20);
}

TEST(BouncingBalls, EveryWallSendsTheBallBack) {
  const BouncingBalls generator({.height = 40, .width = 56, .balls = 1, .radius = 5, .speed = 3});
  double sum = 0, y_sum = 0, x_sum = 0;
  for (std::uint64_t index = 0; index < 30; ++index) {
    const std::vector<float> frames = sequence(generator, index, 200);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      sum += frames[i];
      y_sum += frames[i] * static_cast<double>(i / 56 % 40);
      x_sum += frames[i] * static_cast<double>(i % 56);
    }
  }
  EXPECT_NEAR(y_sum / sum, 19.5, 2);  // in the long run as often here as there
  EXPECT_NEAR(x_sum / sum, 27.5, 2);
}

TEST(BouncingBalls, ManyBallsInLittleRoomStayInRange) {
  const BouncingBalls generator({.height = 24, .width = 24, .balls = 12, .radius = 5, .speed = 9});
  for (const float pixel : sequence(generator, 2, 50)) ASSERT_TRUE(pixel >= 0 && pixel <= 1);
}

TEST(BouncingBalls, RejectsABallThatFillsTheFrame) {
  EXPECT_THROW(BouncingBalls({.height = 10, .width = 64, .radius = 5}), Error);
  EXPECT_NO_THROW(BouncingBalls({.height = 11, .width = 64, .radius = 5}));
}

}  // namespace
}  // namespace nextframe
