#include "core/baselines/baseline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::unique_ptr<Baseline> make(std::string_view name) { return find_baseline(engine_baselines(), name).make({}); }

/// Three frames of two sequences of 1x2 pixels.
const std::vector<float>& two_sequences() {
  static const std::vector<float> kFrames{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15};
  return kFrames;
}

ContextFrames context_of(const std::vector<float>& frames) {
  return {.frames = frames.data(), .length = 3, .sequences = 2, .height = 1, .width = 2};
}

TEST(Baselines, ForecastTwoSequences) {
  const auto forecast = [&](const char* name) { return make(name)->forecast(context_of(two_sequences()), 2); };
  EXPECT_EQ(forecast("persistence").frames, (std::vector<float>{9, 10, 11, 15, 9, 10, 11, 15}));
  EXPECT_EQ(forecast("mean").frames, (std::vector<float>{5, 6, 7, 9, 5, 6, 7, 9}));
  // Nothing was learned.
  EXPECT_EQ(forecast("climatology").frames, forecast("mean").frames);
  for (const BaselineEntry& entry : engine_baselines()) EXPECT_TRUE(forecast(entry.name.data()).mask.empty());
}

TEST(Baselines, MissingPixelsAreLeftOutAndMasked) {
  std::vector<float> frames = two_sequences();
  std::vector<float> mask(12, 1);
  mask[8] = 0;  // first pixel of the first sequence, last frame
  frames[8] = kNaN;
  for (const std::size_t i : {1, 5, 9}) mask[i] = 0;  // its second pixel, always
  ContextFrames context = context_of(frames);
  context.mask = mask.data();
  const BaselineForecast still = make("persistence")->forecast(context, 2);
  EXPECT_EQ(still.mask, (std::vector<float>{0, 0, 1, 1, 0, 0, 1, 1}));
  EXPECT_EQ(still.frames, (std::vector<float>{5, 0, 11, 15, 5, 0, 11, 15}));
  for (const char* name : {"mean", "climatology"}) {
    const BaselineForecast mean = make(name)->forecast(context, 1);
    EXPECT_EQ(mean.mask, (std::vector<float>{1, 0, 1, 1})) << name;
    EXPECT_EQ(mean.frames, (std::vector<float>{3, 0, 7, 9})) << name;
  }
}

TEST(Baselines, NothingKnownIsMaskedAndFinite) {
  const std::vector<float> frames(12, kNaN);
  const std::vector<float> mask(12, 0);
  ContextFrames context = context_of(frames);
  for (const float* known : {static_cast<const float*>(nullptr), mask.data()}) {
    context.mask = known;
    for (const BaselineEntry& entry : engine_baselines()) {
      const BaselineForecast forecast = entry.make({})->forecast(context, 2);
      EXPECT_EQ(forecast.frames, std::vector<float>(8, 0)) << entry.name;
      EXPECT_EQ(forecast.mask, std::vector<float>(8, 0)) << entry.name;
    }
  }
}

TEST(Baselines, OneFrameIsItsOwnForecast) {
  const std::vector<float> frames{0.25F, 0.5F, 0.75F};
  const ContextFrames context{
      .frames = frames.data(), .length = 1, .sequences = 1, .height = 1, .width = 1, .channels = 3};
  for (const BaselineEntry& entry : engine_baselines()) {
    EXPECT_EQ(entry.make({})->forecast(context, 2).frames, (std::vector<float>{0.25F, 0.5F, 0.75F, 0.25F, 0.5F, 0.75F}))
        << entry.name;
  }
}

TEST(Baselines, ClimatologyIsTheMeanOfWhatItLearned) {
  const std::unique_ptr<Baseline> climatology = make("climatology");
  EXPECT_TRUE(climatology->learns());
  EXPECT_FALSE(make("persistence")->learns());
  climatology->learn(context_of(two_sequences()));
  // Both sequences together: (1 + 3 + 5 + 7 + 9 + 11) / 6 and (2 + 4 + 6 + 8 + 10 + 15) / 6.
  const std::vector<float> other{100, 200};
  const ContextFrames context{.frames = other.data(), .length = 1, .sequences = 1, .height = 1, .width = 2};
  EXPECT_EQ(climatology->forecast(context, 1).frames, (std::vector<float>{6, 7.5F}));
  const ContextFrames wider{.frames = other.data(), .length = 1, .sequences = 1, .height = 1, .width = 1};
  EXPECT_THROW(climatology->forecast(wider, 1), Error);
}

TEST(Baselines, UnknownNamesGetTheNearest) {
  try {
    find_baseline(engine_baselines(), "persistance");
    FAIL() << "an unknown name was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    EXPECT_NE(std::string(error.what()).find("did you mean \"persistence\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nextframe
