#include "core/tensor/bfloat16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/base/random.h"

namespace nextframe::test {
namespace {

TEST(BFloat16, RoundsToNearestEven) {
  EXPECT_EQ(BFloat16(1.0f).bits(), 0x3f80);
  EXPECT_EQ(BFloat16(1.0f + 0x1p-8f).bits(), 0x3f80) << "a tie below an even number";
  EXPECT_EQ(BFloat16(1.0f + 0x3p-8f).bits(), 0x3f82) << "a tie below an odd one";
  EXPECT_EQ(BFloat16(1.0f + 0x1.02p-8f).bits(), 0x3f81);
  EXPECT_EQ(BFloat16(-1.0f - 0x3p-8f).bits(), 0xbf82);
  EXPECT_EQ(BFloat16(-0.0f).bits(), 0x8000);
  EXPECT_EQ(BFloat16(0x1p-133f).bits(), 0x0001) << "the smallest one";
  EXPECT_EQ(BFloat16(0x1p-135f).bits(), 0x0000);
}

TEST(BFloat16, KeepsWhatIsNoNumber) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(static_cast<float>(BFloat16(infinity)), infinity);
  EXPECT_EQ(static_cast<float>(BFloat16(-infinity)), -infinity);
  EXPECT_EQ(static_cast<float>(BFloat16(std::numeric_limits<float>::max())), infinity);
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::nanf("")))));
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::bit_cast<float>(0x7f800001u)))));
  EXPECT_TRUE(std::isnan(static_cast<float>(BFloat16(std::bit_cast<float>(0xffffffffu)))));
}

TEST(BFloat16, IsTheNearestOfItsNumbers) {
  Random random(1, 1);
  for (int i = 0; i < 10000; ++i) {
    const auto value =
        static_cast<float>(std::ldexp(random.uniform(-1.0, 1.0), static_cast<int>(random.below(200)) - 100));
    const BFloat16 rounded(value);
    const double distance = std::abs(static_cast<double>(rounded) - static_cast<double>(value));
    for (const int step : {-1, 1}) {
      const auto beside = BFloat16::from_bits(static_cast<std::uint16_t>(rounded.bits() + step));
      EXPECT_LE(distance, std::abs(static_cast<double>(beside) - static_cast<double>(value))) << value;
    }
    EXPECT_EQ(BFloat16(static_cast<float>(rounded)).bits(), rounded.bits());
  }
}

}  // namespace
}  // namespace nextframe::test
