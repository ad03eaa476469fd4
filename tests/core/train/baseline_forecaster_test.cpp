#include "core/train/baseline_forecaster.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "core/base/error.h"
#include "core/train/forecaster.h"

namespace nextframe {
namespace {

Frame frame_of(std::vector<float> pixels, std::vector<std::uint8_t> mask = {}) {
  Frame frame;
  frame.height = 1;
  frame.width = static_cast<std::int64_t>(pixels.size());
  frame.channels = 1;
  frame.pixels = std::move(pixels);
  frame.mask = std::move(mask);
  return frame;
}

SourceInfo bytes() {
  SourceInfo info;
  info.name = "bytes";
  info.height = 1;
  info.width = 2;
  info.channels = 1;
  info.frames_per_second = 4;
  return info;
}

BaselineForecaster forecaster(const char* name, std::int64_t context) {
  return BaselineForecaster(find_baseline(engine_baselines(), name).make({}), bytes(),
                            {.context = context, .horizon = 3, .gap = 2});
}

TEST(BaselineForecaster, GivesFramesInSourceUnits) {
  BaselineForecaster still = forecaster("persistence", 2);
  EXPECT_THROW(still.forecast(1), Error);
  still.observe(frame_of({10, 20}));
  still.observe(frame_of({30, 255}));
  const std::vector<Frame> frames = still.forecast(2);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_NEAR(frames[1].pixels[0], 30, 1e-4);
  EXPECT_NEAR(frames[1].pixels[1], 255, 1e-4);
  EXPECT_TRUE(frames[1].mask.empty());
  EXPECT_DOUBLE_EQ(frames[1].seconds, 1);
  EXPECT_EQ(still.observed(), 2);
  EXPECT_EQ(still.channels(), 1);
  EXPECT_EQ(still.lengths().horizon, 3);
}

TEST(BaselineForecaster, KnowsItsContextAlone) {
  BaselineForecaster mean = forecaster("mean", 2);
  for (const float value : {200.0F, 10.0F, 20.0F}) mean.observe(frame_of({value, 2 * value}));
  EXPECT_NEAR(mean.forecast(1)[0].pixels[0], 15, 1e-4);
  mean.reset();
  EXPECT_EQ(mean.observed(), 0);
  EXPECT_THROW(mean.forecast(1), Error);
}

TEST(BaselineForecaster, MissingPixelsAreMasked) {
  BaselineForecaster still = forecaster("persistence", 3);
  still.observe(frame_of({10, 20}));
  still.observe(frame_of({30, 77}, {1, 0}));
  const Frame frame = still.forecast(1)[0];
  EXPECT_EQ(frame.mask, (std::vector<std::uint8_t>{1, 0}));
  EXPECT_NEAR(frame.pixels[1], 20, 1e-4);
  EXPECT_THROW(still.observe(frame_of({1, 2, 3})), Error);
}

}  // namespace
}  // namespace nextframe
