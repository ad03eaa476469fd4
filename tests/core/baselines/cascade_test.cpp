#include "core/baselines/cascade.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <utility>

#include "tests/core/motion/smooth_fields.h"

namespace nextframe {
namespace {

double mean_square(const ScalarField& field) {
  double sum = 0;
  for (const float value : field.values) sum += static_cast<double>(value) * value;
  return sum / static_cast<double>(field.values.size());
}

TEST(Cascade, ScalesSumUpToTheField) {
  for (const auto& [height, width] : {std::pair{48, 64}, {33, 20}, {2, 2}}) {
    const ScalarField field = test::moved_waves(height, width, 0, 0);
    const BandpassFilters filters(height, width, 6);
    ASSERT_EQ(filters.levels(), 6);
    ScalarField sum(height, width);
    for (const ScalarField& scale : filters.decompose(field)) {
      for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += scale.values[i];
    }
    for (std::size_t i = 0; i < sum.values.size(); ++i) {
      EXPECT_TRUE(std::abs(sum.values[i] - field.values[i]) <= 1e-5F) << height << "x" << width;
    }
  }
}

TEST(Cascade, AWaveIsInTheLevelOfItsLength) {
  constexpr std::int64_t kSize = 64;
  const BandpassFilters filters(kSize, kSize, 5);  // q = 2: middles at 1.5, 3, 6, 12 and 24 waves
  const double middles[] = {1.5, 3, 6, 12, 24};
  for (std::size_t level = 1; level < 5; ++level) {
    ScalarField field(kSize, kSize);
    for (std::int64_t y = 0; y < kSize; ++y) {
      for (std::int64_t x = 0; x < kSize; ++x) {
        field.at(y, x) = static_cast<float>(
            std::sin(2 * std::numbers::pi * middles[level] * static_cast<double>(y) / static_cast<double>(kSize)));
      }
    }
    const std::vector<ScalarField> scales = filters.decompose(field);
    for (std::size_t k = 0; k < 5; ++k) {
      if (k == level) continue;
      EXPECT_LT(mean_square(scales[k]), mean_square(scales[level]) / 10) << k << " of " << level;
    }
  }
}

TEST(Cascade, TheWeightsAreTheGaussiansOfTheDefinition) {
  // 32 pixels, 4 levels: q = 2. At 4 waves the distances to the middles (log2 of 1.5, 3, 6, 12) are
  // 1.415, 0.415, 0.585 and 1.585, and the Gaussians of deviation 1/2 are their exp(-2 d^2).
  const BandpassFilters filters(32, 32, 4);
  const double gaussians[] = {0.018230, 0.708566, 0.504412, 0.006577};
  for (std::int64_t level = 0; level < 4; ++level) {
    EXPECT_NEAR(filters.weights(level).at(0, 4), gaussians[level] / 1.237785, 2e-6) << level;
    EXPECT_EQ(filters.weights(level).at(0, 0), level == 0 ? 1 : 0);
  }
}

}  // namespace
}  // namespace nextframe
