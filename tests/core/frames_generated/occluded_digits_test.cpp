#include "core/frames/generated/occluded_digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr std::int64_t kSide = 6;

/// White squares, so that a frame shows how much of a digit is in sight; grey alone is the bar's.
std::shared_ptr<const GlyphSet> white_squares() {
  GlyphSet glyphs{kSide, kSide, std::vector<float>(kSide * kSide, 1.0F)};
  return std::make_shared<const GlyphSet>(std::move(glyphs));
}

std::vector<float> sequence(const SequenceGenerator& generator, std::uint64_t index, std::int64_t length) {
  std::vector<float> frames(static_cast<std::size_t>(length * generator.height() * generator.width()), -1.0F);
  generator.generate(index, length, frames.data());
  return frames;
}

/// White pixels of a frame.
std::int64_t in_sight(const std::vector<float>& frames, std::int64_t t, const SequenceGenerator& generator) {
  const std::int64_t size = generator.height() * generator.width();
  return std::count(frames.begin() + t * size, frames.begin() + (t + 1) * size, 1.0F);
}

TEST(OccludedDigits, OneDigitIsOutOfSightUntilTheForecastBeginsAndThenComesOut) {
  for (const double speed : {2.0, 2.5, 3.6}) {
    for (const std::int64_t hidden : {1, 3, 6}) {
      SCOPED_TRACE("speed " + std::to_string(speed) + ", hidden " + std::to_string(hidden));
      const OccludedDigits generator(
          {.height = 20, .width = 60, .digits = 1, .speed = speed, .hidden = hidden, .forecast_from = 12},
          white_squares());
      for (std::uint64_t index = 0; index < 20; ++index) {
        const std::vector<float> frames = sequence(generator, index, 24);
        for (std::int64_t t = 0; t < 24; ++t) {
          const bool behind = t >= 12 - hidden && t < 12;
          if (t < 12 - hidden - 1 || t > 12) continue;  // it may come back
          EXPECT_EQ(in_sight(frames, t, generator) == 0, behind) << "index " << index << ", frame " << t;
        }
      }
    }
  }
}

TEST(OccludedDigits, TheBarIsGreyAndAboveTheDigits) {
  const OccludedDigits generator({.height = 16, .width = 48, .digits = 9, .hidden = 2, .forecast_from = 10},
                                 white_squares());
  const OccludedDigits::Bar bar = generator.bar();
  EXPECT_EQ(bar.width, 6 + 4);  // the way of one frame, rounded up
  EXPECT_EQ(bar.first, 19);
  const std::vector<float> frames = sequence(generator, 3, 30);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto x = static_cast<std::int64_t>(i) % 48;
    if (x >= bar.first && x < bar.first + bar.width) {
      ASSERT_EQ(frames[i], 0.5F);
    } else {
      ASSERT_TRUE(frames[i] == 0.0F || frames[i] == 1.0F);
    }
  }
}

/// Two clips that look alike in the last frames before the forecast, and go on differently: only memory tells them apart.
TEST(OccludedDigits, TheHiddenFramesDoNotTellWhatComes) {
  const OccludedDigits generator({.height = 32, .width = 60, .digits = 1, .hidden = 4, .forecast_from = 10},
                                 white_squares());
  const std::vector<float> one = sequence(generator, 1, 20), other = sequence(generator, 2, 20);
  const auto at = [&](const std::vector<float>& frames, std::int64_t t) { return frames.begin() + t * 32 * 60; };
  EXPECT_TRUE(std::equal(at(one, 6), at(one, 10), at(other, 6)));
  EXPECT_FALSE(std::equal(at(one, 10), at(one, 20), at(other, 10)));
  EXPECT_FALSE(std::equal(at(one, 0), at(one, 6), at(other, 0)));
}

TEST(OccludedDigits, TheSameIndexGivesTheSameFrames) {
  const OccludedDigits generator({}, white_squares());
  EXPECT_EQ(sequence(generator, 1ULL << 62, 20), sequence(generator, 1ULL << 62, 20));
  EXPECT_NE(sequence(generator, 5, 20), sequence(generator, 6, 20));
  EXPECT_NE(sequence(generator, 5, 20), sequence(OccludedDigits({.seed = 2}, white_squares()), 5, 20));
}

TEST(OccludedDigits, RejectsWhatHasNoRoom) {
  const auto make = [](const OccludedDigitsOptions& options) { OccludedDigits(options, white_squares()); };
  EXPECT_THROW(make({.speed = 0.5}), Error);
  EXPECT_THROW(make({.hidden = 10, .forecast_from = 10}), Error);
  EXPECT_THROW(make({.width = 40, .hidden = 9}), Error);
  EXPECT_THROW(make({.height = 5}), Error);
  EXPECT_NO_THROW(make({.height = 6, .width = 29, .hidden = 4}));  // 6 + 11 for the bar, 6 on both sides
  EXPECT_THROW(make({.height = 6, .width = 28, .hidden = 4}), Error);
}

TEST(Glyphs, HalvedAreMeansOfFourPixels) {
  const GlyphSet half = halved({2, 5, {0, 1, 1, 1, 9, 0, 1, 1, 0, 9}});
  EXPECT_EQ(half.height, 1);
  EXPECT_EQ(half.width, 2);
  EXPECT_EQ(half.pixels, (std::vector<float>{0.5F, 0.75F}));
}

}  // namespace
}  // namespace nextframe
