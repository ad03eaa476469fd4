#include "core/frames/radar/quantity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace nextframe {
namespace {

TEST(ZRelation, ByHand) {
  // 200 * 10^1.6 = 7962.14: 39.0103 dBZ is 10 mm/h for Marshall and Palmer.
  EXPECT_NEAR(rate_to_dbz(10, {}), 39.0103, 1e-4);
  EXPECT_NEAR(dbz_to_rate(39.0103, {}), 10, 1e-4);
  // 223 R^1.53 and 58.53 R^1.56 at 1 mm/h.
  EXPECT_NEAR(rate_to_dbz(1, {.a = 223, .b = 1.53}), 23.4830, 1e-4);
  EXPECT_NEAR(rate_to_dbz(1, {.a = 58.53, .b = 1.56}), 17.6738, 1e-4);
}

TEST(ZRelation, BothWaysGiveTheSame) {
  const ZRelation relation{.a = 316, .b = 1.5};
  for (const double rate : {0.01, 0.1, 1.0, 7.5, 300.0}) {
    EXPECT_NEAR(dbz_to_rate(rate_to_dbz(rate, relation), relation), rate, 1e-12 * rate);
  }
}

TEST(ZRelation, NoEchoIsNoRain) {
  EXPECT_EQ(dbz_to_rate(kNoEchoDbz, {}), 0);
  EXPECT_EQ(dbz_to_rate(-100, {}), 0);
  EXPECT_GT(dbz_to_rate(kNoEchoDbz + 0.5, {}), 0);
  EXPECT_EQ(rate_to_dbz(0, {}), kNoEchoDbz);
  EXPECT_EQ(rate_to_dbz(-1, {}), kNoEchoDbz);
  EXPECT_EQ(rate_to_dbz(std::nan(""), {}), kNoEchoDbz);
  EXPECT_EQ(rate_to_dbz(1e-12, {}), kNoEchoDbz);
}

TEST(Measurement, AccumulationsCoverTheirInterval) {
  const Measurement five_minutes{.quantity = Quantity::kAccumulation, .interval_seconds = 300, .relation = {}};
  EXPECT_DOUBLE_EQ(five_minutes.to_rate(0.25), 3);
  EXPECT_DOUBLE_EQ(five_minutes.from_rate(3), 0.25);
  const Measurement hour{.quantity = Quantity::kAccumulation, .interval_seconds = 3600, .relation = {}};
  EXPECT_DOUBLE_EQ(hour.to_rate(0.25), 0.25);
}

TEST(Measurement, RatesAreNeverNegative) {
  for (const Quantity quantity : {Quantity::kRate, Quantity::kAccumulation}) {
    const Measurement measurement{.quantity = quantity, .interval_seconds = 300, .relation = {}};
    EXPECT_EQ(measurement.to_rate(-2), 0);
    EXPECT_EQ(measurement.from_rate(-2), 0);
  }
}

TEST(Measurement, UnitsByName) {
  EXPECT_EQ(unit_of(Quantity::kReflectivity), "dBZ");
  EXPECT_EQ(unit_of(Quantity::kRate), "mm/h");
  EXPECT_EQ(unit_of(Quantity::kAccumulation), "mm");
  EXPECT_EQ(unit_of(Quantity::kNone), "pixel value");
}

}  // namespace
}  // namespace nextframe
