#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/baselines/baseline.h"

namespace nextframe {
namespace {

TEST(Baselines, ForecastTwoSequences) {
  // Three frames of two sequences of 1x2 pixels.
  const std::vector<float> frames{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15};
  const ContextFrames context{frames.data(), 3, 2, 1, 2, 1};
  const auto forecast = [&](const char* name) {
    std::vector<float> result(8, -1.0F);
    find_baseline(name).make()->forecast(context, 2, result.data());
    return result;
  };
  EXPECT_EQ(forecast("persistence"), (std::vector<float>{9, 10, 11, 15, 9, 10, 11, 15}));
  EXPECT_EQ(forecast("mean"), (std::vector<float>{5, 6, 7, 9, 5, 6, 7, 9}));
}

TEST(Baselines, OneFrameIsItsOwnForecast) {
  const std::vector<float> frames{0.25F, 0.5F, 0.75F};
  for (const BaselineEntry& entry : kBaselines) {
    std::vector<float> result(6, -1.0F);
    entry.make()->forecast({frames.data(), 1, 1, 1, 1, 3}, 2, result.data());
    EXPECT_EQ(result, (std::vector<float>{0.25F, 0.5F, 0.75F, 0.25F, 0.5F, 0.75F})) << entry.name;
  }
}

TEST(Baselines, UnknownNamesGetTheNearest) {
  try {
    find_baseline("persistance");
    FAIL() << "an unknown name was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    EXPECT_NE(std::string(error.what()).find("did you mean \"persistence\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nextframe
