#include "core/base/random.h"

#include <array>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace nextframe {
namespace {

TEST(Random, SameSeedSameNumbersAndACopyContinues) {
  Random first(7);
  Random second(7);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first.next(), second.next());
  Random third = first;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(first.normal(), third.normal());
}

TEST(Random, SeedsAndStreamsDiffer) {
  std::set<std::uint64_t> values;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (std::uint64_t stream = 0; stream < 10; ++stream) values.insert(Random(seed, stream).next());
  }
  EXPECT_EQ(values.size(), 100u);
}

TEST(Random, MomentsAndRanges) {
  Random random(1);
  constexpr int kCount = 200000;
  double sum = 0;
  double squares = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  std::array<int, 3> counts{};
  for (int i = 0; i < kCount; ++i) {
    const double uniform = random.uniform(-1, 1);
    ASSERT_TRUE(uniform >= -1 && uniform < 1);
    sum += uniform;
    squares += uniform * uniform;
    const double normal = random.normal();
    normal_sum += normal;
    normal_squares += normal * normal;
    ++counts[random.below(3)];
  }
  EXPECT_NEAR(sum / kCount, 0, 0.01);
  EXPECT_NEAR(squares / kCount, 1.0 / 3, 0.01);
  EXPECT_NEAR(normal_sum / kCount, 0, 0.02);
  EXPECT_NEAR(normal_squares / kCount, 1, 0.02);
  for (const int count : counts) EXPECT_NEAR(count, kCount / 3.0, 1000);
}

}  // namespace
}  // namespace nextframe
