#include "core/train/masked_forecaster.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/train/baseline_forecaster.h"

namespace nextframe {
namespace {

Frame frame_of(std::vector<std::uint8_t> mask) {
  Frame frame;
  frame.height = 1;
  frame.width = 3;
  frame.channels = 1;
  frame.pixels = {1, 2, 3};
  frame.mask = std::move(mask);
  return frame;
}

TEST(MaskedForecaster, KnowsWhereAnyFrameKnewSomething) {
  SourceInfo source;
  source.height = 1;
  source.width = 3;
  source.channels = 1;
  MaskedForecaster masked(std::make_unique<BaselineForecaster>(find_baseline(engine_baselines(), "mean").make({}),
                                                               source, ForecastLengths{.context = 2, .horizon = 1}));
  masked.observe(frame_of({1, 0, 0}));
  masked.observe(frame_of({0, 1, 0}));
  EXPECT_EQ(masked.observed(), 2);
  EXPECT_EQ(masked.forecast(1)[0].mask, (std::vector<std::uint8_t>{1, 1, 0}));
  masked.reset();
  masked.observe(frame_of({}));
  masked.observe(frame_of({0, 0, 0}));
  EXPECT_EQ(masked.forecast(1)[0].mask, (std::vector<std::uint8_t>{1, 1, 1}));
}

}  // namespace
}  // namespace nextframe
