#include "core/motion/advection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "tests/core/motion/smooth_fields.h"

namespace nextframe {
namespace {

using test::moved_waves;
using test::waves;

/// The largest difference over the pixels that both know; NaN where there is none.
double largest_difference(const ScalarField& a, const ScalarField& b) {
  double largest = std::nan("");
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if (is_missing(a.values[i]) || is_missing(b.values[i])) continue;
    largest = std::fmax(largest, std::abs(static_cast<double>(a.values[i]) - b.values[i]));
  }
  return largest;
}

std::int64_t missing_pixels(const ScalarField& field) {
  return std::count_if(field.values.begin(), field.values.end(), is_missing);
}

TEST(Advection, WholePixelsMoveExactly) {
  const ScalarField field = moved_waves(24, 32, 0, 0);
  const MotionField motion(24, 32, 2, -1);
  const ScalarField ahead = extrapolated(field, motion, 3);
  for (std::int64_t y = 0; y < 24; ++y) {
    for (std::int64_t x = 0; x < 32; ++x) {
      if (x < 6 || y + 3 > 23) {
        EXPECT_TRUE(is_missing(ahead.at(y, x))) << x << ", " << y;
      } else {
        EXPECT_EQ(ahead.at(y, x), field.at(y + 3, x - 6)) << x << ", " << y;
      }
    }
  }
}

TEST(Advection, PartsOfPixelsMoveWithinTheErrorOfInterpolation) {
  // Linear interpolation errs by an eighth of the second derivatives at most, however many steps were made.
  const double bound =
      (0.2 * (0.31 * 0.31 + 0.12 * 0.12) + 0.12 * (0.17 * 0.17 + 0.26 * 0.26) + 0.08 * (0.11 * 0.11 + 0.43 * 0.43)) / 8;
  const MotionField motion(40, 48, 0.7F, 0.35F);
  for (const std::int64_t steps : {1, 5, 20}) {
    const auto n = static_cast<double>(steps);
    const double difference = largest_difference(extrapolated(moved_waves(40, 48, 0, 0), motion, steps),
                                                 moved_waves(40, 48, 0.7 * n, 0.35 * n));
    EXPECT_TRUE(difference <= bound + 1e-5) << steps << " steps: " << difference << " above " << bound;
  }
}

TEST(Advection, TurningFollowsTheCircle) {
  constexpr std::int64_t kSize = 65;
  constexpr double kAngle = 0.05;
  constexpr std::int64_t kSteps = 12;
  const MotionField motion = test::rotation(kSize, kAngle);
  const auto error = [&](int iterations) {
    BackwardTrajectories paths(motion, iterations);
    for (std::int64_t step = 0; step < kSteps; ++step) paths.advance();
    EXPECT_EQ(paths.steps(), kSteps);
    double largest = 0;
    for (std::int64_t y = 16; y < 49; ++y) {
      for (std::int64_t x = 16; x < 49; ++x) {
        const double dx = static_cast<double>(x) - 32, dy = static_cast<double>(y) - 32;
        const double turned = -kAngle * kSteps;
        const double from_x = dx * std::cos(turned) - dy * std::sin(turned);
        const double from_y = dx * std::sin(turned) + dy * std::cos(turned);
        largest = std::max(largest, std::hypot(dx - paths.displacement().u.at(y, x) - from_x,
                                               dy - paths.displacement().v.at(y, x) - from_y));
      }
    }
    return largest;
  };
  // The midpoint rule's error in 12 steps of 0.05 rad is about 0.05^3 / 12 a step; without it a step's end point is
  // read, whose error is 0.05^2 / 2.
  EXPECT_LT(error(3), 0.01);
  EXPECT_GT(error(0), 0.2);
}

TEST(Advection, MissingPixelsSpreadToWhatTheyTouchOnly) {
  ScalarField field(8, 8, 1);
  field.at(3, 4) = ScalarField::kMissing;
  EXPECT_EQ(missing_pixels(displaced(field, MotionField(8, 8))), 1);
  const ScalarField ahead = displaced(field, MotionField(8, 8, 1, 0));
  EXPECT_TRUE(is_missing(ahead.at(3, 5)));
  EXPECT_EQ(missing_pixels(ahead), 1 + 8);
  // Halfway between two pixels both count.
  EXPECT_EQ(missing_pixels(displaced(field, MotionField(8, 8, 0.5F, 0))), 2 + 8);
  EXPECT_EQ(missing_pixels(displaced(ScalarField(8, 8, ScalarField::kMissing), MotionField(8, 8))), 64);
}

TEST(Advection, SizesThatDifferAreAnError) { EXPECT_THROW(displaced(ScalarField(8, 8), MotionField(8, 9)), Error); }

}  // namespace
}  // namespace nextframe
