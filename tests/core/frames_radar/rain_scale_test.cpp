#include "core/frames/radar/rain_scale.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/base/error.h"

namespace nextframe {
namespace {

std::string rejection(const RainOptions& options) {
  try {
    RainScale scale(options);
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kRequest ? error.what() : "a failure";
  }
  return "";
}

TEST(RainScale, EveryUnitByHand) {
  const double rate = 4;
  EXPECT_NEAR(RainScale({.unit = RainUnit::kDbr}).from_rate(rate), 6.0206, 1e-4);
  EXPECT_NEAR(RainScale({.unit = RainUnit::kDbz}).from_rate(rate), 32.6433, 1e-4);
  EXPECT_NEAR(RainScale({.unit = RainUnit::kSqrtRate}).from_rate(rate), 2, 1e-12);
  EXPECT_NEAR(RainScale({.unit = RainUnit::kLogRate}).from_rate(rate), 1.609438, 1e-6);
  EXPECT_NEAR(RainScale({.unit = RainUnit::kRate}).from_rate(rate), 4, 1e-12);
}

TEST(RainScale, BothWaysGiveTheSameWithinTheLimits) {
  for (const RainUnit unit :
       {RainUnit::kDbz, RainUnit::kDbr, RainUnit::kSqrtRate, RainUnit::kLogRate, RainUnit::kRate}) {
    const RainScale scale({.unit = unit});
    for (const double rate : {0.11, 0.5, 3.0, 40.0, 99.0}) {
      EXPECT_NEAR(scale.to_rate(scale.from_rate(rate)), rate, 1e-12 * rate) << unit_name(unit);
    }
    EXPECT_EQ(scale.from_rate(0), scale.low());
    EXPECT_EQ(scale.from_rate(0.05), scale.low());
    EXPECT_EQ(scale.from_rate(std::nan("")), scale.low());
    EXPECT_EQ(scale.to_rate(scale.low()), 0);
    EXPECT_EQ(scale.to_rate(scale.low() - 1), 0);
    EXPECT_EQ(scale.from_rate(1205), scale.high());
    // A forecast above the ceiling is not cut off.
    EXPECT_GT(scale.to_rate(scale.high() + 0.1), 100);
  }
}

TEST(RainScale, AFloorOfZeroWhereTheUnitHasOne) {
  const RainScale scale({.unit = RainUnit::kSqrtRate, .floor = 0});
  EXPECT_EQ(scale.low(), 0);
  EXPECT_NEAR(scale.to_rate(0.1), 0.01, 1e-12);
  EXPECT_NE(rejection({.unit = RainUnit::kDbr, .floor = 0}), "");
  EXPECT_NE(rejection({.unit = RainUnit::kDbz, .floor = 0}), "");
  EXPECT_EQ(rejection({.unit = RainUnit::kLogRate, .floor = 0}), "");
  EXPECT_NE(rejection({.unit = RainUnit::kRate, .floor = 5, .ceiling = 5}), "");
}

TEST(RainScale, ClutterIsClippedOrMasked) {
  const RainScale clip({.unit = RainUnit::kDbr, .ceiling = 60, .above = AboveCeiling::kClip});
  const RainScale mask({.unit = RainUnit::kDbr, .ceiling = 60, .above = AboveCeiling::kMask});
  EXPECT_FALSE(clip.masks(61));
  EXPECT_TRUE(mask.masks(61));
  EXPECT_FALSE(mask.masks(60));
}

TEST(RainScale, OnlyForWhatMeasuresRain) {
  const Measurement none, rain{.quantity = Quantity::kRate, .interval_seconds = 0, .relation = {}};
  EXPECT_FALSE(rain_scale_for({}, none, "clip").has_value());
  EXPECT_FALSE(rain_scale_for({.unit = RainUnit::kSource}, rain, "radar").has_value());
  const auto automatic = rain_scale_for({}, rain, "radar");
  ASSERT_TRUE(automatic.has_value());
  EXPECT_EQ(automatic->options().unit, RainUnit::kDbr);
  EXPECT_THROW(rain_scale_for({.unit = RainUnit::kDbz}, none, "clip"), Error);
}

}  // namespace
}  // namespace nextframe
