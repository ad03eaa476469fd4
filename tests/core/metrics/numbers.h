#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace nextframe::test {

/// 24 bits of a linear congruential generator, 0..1, exact in float; the golden scripts draw the same.
inline std::vector<float> numbers(std::uint32_t seed, std::int64_t count) {
  std::vector<float> values;
  std::uint32_t state = seed;
  for (std::int64_t i = 0; i < count; ++i) {
    state = 1664525U * state + 1013904223U;
    values.push_back(static_cast<float>(state >> 8) / 16777216.0F);
  }
  return values;
}

/// Fails for NaN too.
inline void expect_close(double value, double expected, double tolerance, const std::string& what) {
  EXPECT_TRUE(std::abs(value - expected) <= tolerance) << what << ": got " << value << ", expected " << expected;
}

}  // namespace nextframe::test
