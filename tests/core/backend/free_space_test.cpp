#include "core/backend/free_space.h"

#include <gtest/gtest.h>

namespace nextframe {
namespace {

FreeSpace space_of(std::size_t bytes) {
  FreeSpace space;
  space.give(1000, bytes);
  return space;
}

TEST(FreeSpace, TakesTheSmallestPieceThatFits) {
  FreeSpace space = space_of(100);
  EXPECT_EQ(space.take(40), 1000u);
  EXPECT_EQ(space.take(10), 1040u);
  EXPECT_EQ(space.take(30), 1050u);
  EXPECT_EQ(space.take(20), 1080u);
  space.give(1000, 40);
  space.give(1050, 30);
  EXPECT_EQ(space.take(25), 1050u);
  EXPECT_EQ(space.take(41), std::nullopt);
}

TEST(FreeSpace, NeighboursMerge) {
  FreeSpace space = space_of(30);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(space.take(10));
  EXPECT_EQ(space.take(1), std::nullopt);
  space.give(1000, 10);
  space.give(1020, 10);
  EXPECT_EQ(space.take(20), std::nullopt);
  space.give(1010, 10);
  EXPECT_EQ(space.take(30), 1000u);
}

TEST(FreeSpace, TakesAnExactPlaceOrNothing) {
  FreeSpace space = space_of(100);
  EXPECT_TRUE(space.take_at(1040, 20));
  EXPECT_FALSE(space.take_at(1040, 20));
  EXPECT_FALSE(space.take_at(1030, 11));
  EXPECT_FALSE(space.take_at(1059, 5));
  EXPECT_FALSE(space.take_at(1090, 11)) << "beyond the end";
  EXPECT_FALSE(space.take_at(990, 5)) << "before the start";
  EXPECT_TRUE(space.take_at(1030, 10));
  EXPECT_TRUE(space.take_at(1060, 40));
  EXPECT_EQ(space.take(30), 1000u);
  EXPECT_EQ(space.take(1), std::nullopt);
  space.give(1000, 30);
  space.give(1030, 10);
  space.give(1040, 20);
  space.give(1060, 40);
  EXPECT_EQ(space.take(100), 1000u);
}

}  // namespace
}  // namespace nextframe
