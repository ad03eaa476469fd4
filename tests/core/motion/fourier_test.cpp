#include "core/motion/fourier.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "tests/core/motion/smooth_fields.h"

namespace nextframe {
namespace {

/// For a few places, the sum that defines the transform.
std::complex<double> by_definition(const ScalarField& field, std::int64_t row, std::int64_t column) {
  std::complex<double> sum = 0;
  for (std::int64_t y = 0; y < field.height; ++y) {
    for (std::int64_t x = 0; x < field.width; ++x) {
      const double turns = static_cast<double>(y * row) / static_cast<double>(field.height) +
                           static_cast<double>(x * column) / static_cast<double>(field.width);
      sum += static_cast<double>(field.at(y, x)) * std::polar(1.0, -2 * std::numbers::pi * turns);
    }
  }
  return sum;
}

TEST(Fourier, IsItsDefinition) {
  const ScalarField field = test::moved_waves(12, 15, 0, 0);
  const Spectrum spectrum = fourier_transform(field);
  for (std::int64_t y = 0; y < 12; ++y) {
    for (std::int64_t x = 0; x < 15; ++x) {
      const std::complex<double> error = std::complex<double>(spectrum.at(y, x)) - by_definition(field, y, x);
      EXPECT_TRUE(std::abs(error) <= 1e-4) << y << ", " << x << ": " << std::abs(error);
    }
  }
}

TEST(Fourier, ComesBack) {
  for (const auto& [height, width] : {std::pair{16, 16}, {15, 20}, {7, 9}}) {
    const ScalarField field = test::moved_waves(height, width, 0, 0);
    const ScalarField back = inverse_fourier_transform(fourier_transform(field));
    ASSERT_TRUE(back.same_size(field));
    for (std::size_t i = 0; i < field.values.size(); ++i) {
      EXPECT_TRUE(std::abs(back.values[i] - field.values[i]) <= 1e-5F);
    }
  }
}

TEST(Fourier, WaveNumbersCountTheLongerSide) {
  EXPECT_EQ(wave_number(10, 20, 0, 0), 0);
  EXPECT_EQ(wave_number(10, 20, 0, 3), 3);
  EXPECT_EQ(wave_number(10, 20, 0, 17), 3);
  EXPECT_EQ(wave_number(10, 20, 1, 0), 2);  // one wave over ten pixels is two over twenty
  EXPECT_EQ(wave_number(10, 20, 9, 0), 2);
}

TEST(Fourier, PowerOfOneWaveIsInItsRing) {
  ScalarField field(32, 32);
  for (std::int64_t y = 0; y < 32; ++y) {
    for (std::int64_t x = 0; x < 32; ++x) {
      field.at(y, x) = 2 + static_cast<float>(std::cos(2 * std::numbers::pi * 5 * static_cast<double>(x) / 32));
    }
  }
  const std::vector<double> power = radial_power(field);
  ASSERT_EQ(power.size(), 17U);
  EXPECT_NEAR(power[0], 4.0 * 32 * 32, 1e-2);
  // Two of the 28 places at a distance of 4.5 to 5.5 hold (N / 2)^2 / N each, N = 1024.
  EXPECT_NEAR(power[5], 2 * 256.0 / 28, 1e-3);
  EXPECT_NEAR(std::accumulate(power.begin() + 1, power.end(), 0.0), power[5], 1e-3);
}

}  // namespace
}  // namespace nextframe
