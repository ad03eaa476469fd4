#include "core/frames/radar/time_series.h"

#include <gtest/gtest.h>

namespace nextframe {
namespace {

TEST(TimeSeries, OrdersAndFindsTheStep) {
  const std::vector<TimedItem> items{{900, "d"}, {0, "a"}, {300, "b"}, {600, "c"}, {2100, "e"}, {2400, "f"}};
  const TimeSeries series = series_of(items, 0);
  EXPECT_EQ(series.step, 300);
  EXPECT_EQ(series.items, (std::vector<std::size_t>{1, 2, 3, 0, 4, 5}));
  EXPECT_TRUE(series.notes.empty());
}

TEST(TimeSeries, OfDuplicatesTheFirstByNameStays) {
  const std::vector<TimedItem> items{{0, "a"}, {300, "b10"}, {300, "b2"}, {600, "c"}};
  const TimeSeries series = series_of(items, 0);
  EXPECT_EQ(series.items, (std::vector<std::size_t>{0, 2, 3}));
  ASSERT_EQ(series.notes.size(), 1U);
  EXPECT_NE(series.notes[0].find("b10: of the same time as b2"), std::string::npos) << series.notes[0];
}

TEST(TimeSeries, TimesBetweenTheStepsAreLeftOut) {
  const std::vector<TimedItem> items{{0, "a"}, {300, "b"}, {430, "odd"}, {600, "c"}, {900, "d"}};
  const TimeSeries series = series_of(items, 300);
  EXPECT_EQ(series.items, (std::vector<std::size_t>{0, 1, 3, 4}));
  ASSERT_EQ(series.notes.size(), 1U);
  EXPECT_NE(series.notes[0].find("odd"), std::string::npos);
}

TEST(TimeSeries, ClocksThatAreAFewSecondsOff) {
  const std::vector<TimedItem> items{{41, "a"}, {160, "b"}, {283, "c"}, {400, "d"}};
  const TimeSeries series = series_of(items, 120);
  EXPECT_EQ(series.items.size(), 4U);
}

TEST(TimeSeries, OneItemHasNoStep) {
  const std::vector<TimedItem> items{{7, "a"}};
  EXPECT_EQ(series_of(items, 0).step, 0);
  EXPECT_EQ(series_of(items, 0).items.size(), 1U);
  EXPECT_TRUE(series_of({}, 0).items.empty());
}

}  // namespace
}  // namespace nextframe
