#include "core/metrics/reliability.h"

#include <gtest/gtest.h>

#include <vector>

namespace nextframe {
namespace {

TEST(Reliability, ByHand) {
  // One row of six pixels, windows of three: at the ends one of their pixels lies outside.
  const std::vector<float> forecast{1, 1, 0, 0, 0, 0};
  const std::vector<float> truth{1, 0, 1, 0, 0, 1};
  Reliability table(2, 1, 3);
  table.add(1, {forecast.data(), truth.data(), nullptr, 1, 6, 1});
  const Reliability::Bins bins = table.per_lead()[1];
  EXPECT_EQ(bins[10].count, 1);  // the first pixel: both of its two neighbours in the frame
  EXPECT_EQ(bins[10].observed, 1);
  EXPECT_EQ(bins[7].count, 1);  // the second: two of three
  EXPECT_DOUBLE_EQ(bins[7].forecast_frequency(), 2.0 / 3);
  EXPECT_EQ(bins[7].observed, 0);
  EXPECT_EQ(bins[3].count, 1);  // the third: one of three
  EXPECT_DOUBLE_EQ(bins[3].observed_frequency(), 1);
  EXPECT_EQ(bins[0].count, 3);
  EXPECT_EQ(bins[0].observed, 1);
  EXPECT_EQ(table.per_lead()[0][0].count, 0);
  EXPECT_EQ(table.total()[0].count, 3);
}

TEST(Reliability, MaskedPixelsAreNeitherForecastNorSeen) {
  const std::vector<float> forecast{1, 9, 0}, truth{1, 9, 0}, mask{1, 0, 1};
  Reliability table(1, 1, 3);
  table.add(0, {forecast.data(), truth.data(), mask.data(), 1, 3, 1});
  const Reliability::Bins bins = table.total();
  EXPECT_EQ(bins[10].count, 1);  // its only valid neighbour is itself
  EXPECT_EQ(bins[0].count, 1);
}

}  // namespace
}  // namespace nextframe
