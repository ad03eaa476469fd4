#include "core/metrics/neighbourhood.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace nextframe {
namespace {

TEST(Neighbourhood, CountsWhatLiesWithinTheReach) {
  // A single event in the middle of 5 x 5, with a reach of one pixel: a cross of five.
  std::vector<float> values(25, 0);
  values[12] = 1;
  const Neighbourhood around(nullptr, 5, 5, {.rows = 1, .columns = 1});
  const std::vector<float> shares = around.exceedance(values.data(), 1, 1);
  for (const int i : {7, 11, 12, 13, 17}) EXPECT_FLOAT_EQ(shares[static_cast<std::size_t>(i)], 0.2F) << i;
  EXPECT_EQ(shares[6], 0);
  // In the corner only three pixels are there.
  values.assign(25, 0);
  values[0] = 3;
  EXPECT_FLOAT_EQ(around.exceedance(values.data(), 1, 1)[0], 1.0F / 3);
}

TEST(Neighbourhood, IsWhatPlainLoopsCount) {
  constexpr std::int64_t kHeight = 13, kWidth = 9, kStride = 2;
  constexpr Reach kReach{.rows = 3.4, .columns = 2.2};
  std::mt19937 random(1);
  std::vector<float> values(kHeight * kWidth * kStride);
  std::vector<std::uint8_t> mask(kHeight * kWidth);
  for (float& value : values) value = static_cast<float>(random() % 10);
  for (std::uint8_t& valid : mask) valid = random() % 4 != 0 ? 1 : 0;
  const std::vector<float> shares =
      Neighbourhood(mask.data(), kHeight, kWidth, kReach).exceedance(values.data(), kStride, 5);
  for (std::int64_t y = 0; y < kHeight; ++y) {
    for (std::int64_t x = 0; x < kWidth; ++x) {
      int known = 0, events = 0;
      for (std::int64_t v = 0; v < kHeight; ++v) {
        for (std::int64_t u = 0; u < kWidth; ++u) {
          const double dy = static_cast<double>(v - y) / kReach.rows, dx = static_cast<double>(u - x) / kReach.columns;
          if (dy * dy + dx * dx > 1 || mask[static_cast<std::size_t>(v * kWidth + u)] == 0) continue;
          ++known;
          if (values[static_cast<std::size_t>((v * kWidth + u) * kStride)] >= 5) ++events;
        }
      }
      const float expected = known > 0 ? static_cast<float>(events) / static_cast<float>(known) : 0;
      EXPECT_FLOAT_EQ(shares[static_cast<std::size_t>(y * kWidth + x)], expected) << y << ", " << x;
    }
  }
}

TEST(Neighbourhood, ReachesFurtherThanTheField) {
  const std::vector<float> values{0, 1, 1, 1};
  for (const float share :
       Neighbourhood(nullptr, 2, 2, {.rows = 1e9, .columns = 1e9}).exceedance(values.data(), 1, 1)) {
    EXPECT_FLOAT_EQ(share, 0.75F);
  }
  const std::vector<std::uint8_t> none(4, 0);
  EXPECT_EQ(Neighbourhood(none.data(), 2, 2, {.rows = 1, .columns = 1}).exceedance(values.data(), 1, 1)[0], 0);
}

}  // namespace
}  // namespace nextframe
