#include "core/frames/generated/moving_digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace nextframe {
namespace {

/// One glyph that is white all over, so that a frame shows where its corner stands.
std::shared_ptr<const GlyphSet> white_square(std::int64_t side) {
  GlyphSet glyphs{side, side, std::vector<float>(static_cast<std::size_t>(side * side), 1.0F)};
  return std::make_shared<const GlyphSet>(std::move(glyphs));
}

std::vector<float> sequence(const SequenceGenerator& generator, std::uint64_t index, std::int64_t length) {
  std::vector<float> frames(static_cast<std::size_t>(length * generator.height() * generator.width()), -1.0F);
  generator.generate(index, length, frames.data());
  return frames;
}

struct Corner {
  std::int64_t y, x;
};

Corner corner_of(const std::vector<float>& frames, std::int64_t t, const SequenceGenerator& generator) {
  const std::int64_t size = generator.height() * generator.width();
  const auto begin = frames.begin() + t * size;
  const std::int64_t position = std::find(begin, begin + size, 1.0F) - begin;
  return {position / generator.width(), position % generator.width()};
}

TEST(MovingDigits, TheSameIndexGivesTheSameFramesAndALongerSequenceBeginsAlike) {
  const MovingDigits generator({}, white_square(28));
  const std::vector<float> once = sequence(generator, 1ULL << 62, 20);
  EXPECT_EQ(once, sequence(generator, 1ULL << 62, 20));
  const std::vector<float> shorter = sequence(generator, 1ULL << 62, 7);
  EXPECT_TRUE(std::equal(shorter.begin(), shorter.end(), once.begin()));
  EXPECT_NE(once, sequence(generator, 5, 20));
  EXPECT_NE(once, sequence(MovingDigits({.seed = 2}, white_square(28)), 1ULL << 62, 20));
}

TEST(MovingDigits, MovesByTheSpeedStaysInsideAndTurnsRoundAtTheBorder) {
  const MovingDigits generator({.height = 64, .width = 80, .digits = 1}, white_square(28));
  int turns = 0;
  for (std::uint64_t index = 0; index < 20; ++index) {
    const std::vector<float> frames = sequence(generator, index, 60);
    Corner before = corner_of(frames, 0, generator);
    for (std::int64_t t = 1; t < 60; ++t) {
      const Corner now = corner_of(frames, t, generator);
      ASSERT_TRUE(now.y >= 0 && now.y <= 36 && now.x >= 0 && now.x <= 52);
      const double moved = std::hypot(static_cast<double>(now.y - before.y), static_cast<double>(now.x - before.x));
      const bool at_border = now.y == 0 || now.y == 36 || now.x == 0 || now.x == 52;
      if (at_border) {
        ++turns;
      } else {
        EXPECT_NEAR(moved, 3.6, 1.5) << "index " << index << ", frame " << t;  // whole pixels
      }
      before = now;
    }
  }
  EXPECT_GT(turns, 20);
}

TEST(MovingDigits, PastesWithTheMaximum) {
  const MovingDigits generator({.digits = 9}, white_square(28));
  const std::vector<float> frames = sequence(generator, 0, 5);
  EXPECT_EQ(*std::max_element(frames.begin(), frames.end()), 1.0F);
  EXPECT_EQ(*std::min_element(frames.begin(), frames.end()), 0.0F);
}

TEST(MovingDigits, AFrameAsLargeAsTheDigitHoldsIt) {
  const MovingDigits generator({.height = 28, .width = 28, .digits = 1}, white_square(28));
  for (const float pixel : sequence(generator, 3, 4)) EXPECT_EQ(pixel, 1.0F);
  EXPECT_THROW(MovingDigits({.height = 27, .width = 64}, white_square(28)), Error);
}

}  // namespace
}  // namespace nextframe
