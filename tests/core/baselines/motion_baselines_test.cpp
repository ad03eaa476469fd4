#include "core/baselines/motion_baselines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "tests/core/motion/smooth_fields.h"

namespace nextframe {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr std::int64_t kHeight = 96, kWidth = 112, kArea = kHeight * kWidth;
constexpr std::array<const char*, 2> kMoving{"extrapolation", "sprog"};

/// Rain in mm/h or brightness that moves by (1.5, -0.75) a frame, [T,N,H,W,C]; later sequences are another place of it.
std::vector<float> moving_frames(FieldKind kind, std::int64_t first, std::int64_t frames, std::int64_t sequences = 1,
                                 std::int64_t channels = 1) {
  std::vector<float> values;
  for (std::int64_t t = first; t < first + frames; ++t) {
    for (std::int64_t n = 0; n < sequences; ++n) {
      const auto time = static_cast<double>(t);
      const ScalarField field =
          test::moved_waves(kHeight, kWidth, 1.5 * time + 40 * static_cast<double>(n), -0.75 * time);
      for (const float value : field.values) {
        const float shown = kind == FieldKind::kPicture ? value : value > 0.5F ? 40 * (value - 0.5F) : 0;
        for (std::int64_t c = 0; c < channels; ++c) values.push_back(shown / static_cast<float>(c + 1));
      }
    }
  }
  return values;
}

ContextFrames context_of(const std::vector<float>& frames, FieldKind kind, std::int64_t sequences = 1,
                         std::int64_t channels = 1) {
  return {.frames = frames.data(),
          .length = std::ssize(frames) / (sequences * kArea * channels),
          .sequences = sequences,
          .height = kHeight,
          .width = kWidth,
          .channels = channels,
          .kind = kind};
}

std::unique_ptr<Baseline> make(std::string_view name) {
  BaselineOptions options;
  options.flow.field_blur = 1;
  options.flow.flow_blur = 12;
  return find_baseline(all_baselines(), name).make(options);
}

/// Mean absolute error at the last lead time where the forecast knows.
double last_error(const BaselineForecast& forecast, const std::vector<float>& truth) {
  double sum = 0;
  double count = 0;
  const std::size_t channels = forecast.frames.size() / forecast.mask.size();
  for (std::size_t i = forecast.frames.size() / 2; i < forecast.frames.size(); ++i) {
    if (forecast.mask[i / channels] == 0) continue;
    sum += std::abs(static_cast<double>(forecast.frames[i]) - static_cast<double>(truth[i]));
    count += 1;
  }
  return sum / count;
}

TEST(MotionBaselines, FollowRainAndPictures) {
  for (const FieldKind kind : {FieldKind::kRain, FieldKind::kPicture}) {
    for (const std::int64_t channels : {1, 3}) {
      const std::vector<float> seen = moving_frames(kind, 0, 3, 2, channels);
      const std::vector<float> truth = moving_frames(kind, 3, 2, 2, channels);
      const ContextFrames context = context_of(seen, kind, 2, channels);
      const BaselineForecast still = make("persistence")->forecast(context, 2);
      for (const char* name : kMoving) {
        BaselineForecast forecast = make(name)->forecast(context, 2);
        ASSERT_FALSE(forecast.mask.empty()) << "the inflow is not known";
        BaselineForecast same = still;
        same.mask = forecast.mask;
        const double moved = last_error(forecast, truth);
        EXPECT_TRUE(moved < 0.4 * last_error(same, truth)) << name << " " << moved << " " << last_error(same, truth);
      }
    }
  }
}

TEST(MotionBaselines, WhatComesInFromOutsideIsMasked) {
  const std::vector<float> seen = moving_frames(FieldKind::kRain, 0, 3);
  for (const char* name : kMoving) {
    const BaselineForecast forecast = make(name)->forecast(context_of(seen, FieldKind::kRain), 8);
    const auto known = [&](std::int64_t lead, std::int64_t y, std::int64_t x) {
      return forecast.mask[static_cast<std::size_t>(lead * kArea + y * kWidth + x)] != 0;
    };
    // Eight steps of 1.5 to the right and 0.75 up.
    EXPECT_FALSE(known(7, 48, 4)) << name;
    EXPECT_FALSE(known(7, kHeight - 2, 56)) << name;
    EXPECT_TRUE(known(7, 48, 56)) << name;
    EXPECT_TRUE(known(7, 2, kWidth - 3)) << name;
  }
}

TEST(MotionBaselines, DryStaysDryAndNothingIsEverNotFinite) {
  struct Case {
    std::string what;
    std::vector<float> frames;
  };
  std::vector<Case> cases{{"dry", std::vector<float>(3 * kArea, 0)},
                          {"unknown", std::vector<float>(3 * kArea, kNaN)},
                          {"one wet pixel", std::vector<float>(3 * kArea, 0)},
                          {"rain that stopped", moving_frames(FieldKind::kRain, 0, 3)},
                          {"one frame", moving_frames(FieldKind::kRain, 0, 1)},
                          {"two frames", moving_frames(FieldKind::kRain, 0, 2)},
                          {"gaps", moving_frames(FieldKind::kRain, 0, 3)},
                          {"everywhere the same", std::vector<float>(3 * kArea, 2)}};
  cases[2].frames[2 * kArea + 5000] = 3;
  std::fill(cases[3].frames.end() - kArea, cases[3].frames.end(), 0.0F);
  for (std::size_t i = 0; i < cases[6].frames.size(); i += 7) cases[6].frames[i] = kNaN;
  for (const FieldKind kind : {FieldKind::kRain, FieldKind::kPicture}) {
    for (const Case& one : cases) {
      for (const char* name : kMoving) {
        const BaselineForecast forecast = make(name)->forecast(context_of(one.frames, kind), 4);
        ASSERT_EQ(std::ssize(forecast.frames), 4 * kArea);
        EXPECT_TRUE(std::all_of(forecast.frames.begin(), forecast.frames.end(),
                                [](float v) { return std::isfinite(v) && v >= 0; }))
            << name << ": " << one.what;
        if (kind == FieldKind::kRain && (one.what == "dry" || one.what == "rain that stopped")) {
          EXPECT_EQ(*std::max_element(forecast.frames.begin(), forecast.frames.end()), 0) << name << ": " << one.what;
        }
        if (one.what == "unknown") {
          EXPECT_EQ(forecast.mask, std::vector<float>(4 * kArea, 0)) << name;
        }
      }
    }
  }
}

TEST(MotionBaselines, FramesOfAnySizeGoThrough) {
  for (const auto& [height, width] : {std::pair<std::int64_t, std::int64_t>{1, 1}, {2, 3}, {16, 5}, {17, 31}}) {
    std::vector<float> frames(static_cast<std::size_t>(3 * height * width), 1);
    frames.front() = 4;
    for (const char* name : kMoving) {
      const BaselineForecast forecast = make(name)->forecast({.frames = frames.data(),
                                                              .length = 3,
                                                              .sequences = 1,
                                                              .height = height,
                                                              .width = width,
                                                              .channels = 1,
                                                              .kind = FieldKind::kRain},
                                                             2);
      for (const float value : forecast.frames) EXPECT_TRUE(std::isfinite(value)) << name << height << "x" << width;
    }
  }
}

TEST(MotionBaselines, SprogKeepsTheDistributionAndLosesSmallScales) {
  // Rain that stands still, and in it noise that is another in each frame.
  std::vector<float> frames;
  const ScalarField steady = test::moved_waves(kHeight, kWidth, 0, 0);
  std::uint32_t state = 1;
  for (int t = 0; t < 3; ++t) {
    for (const float value : steady.values) {
      state = 1664525U * state + 1013904223U;
      const float noise = static_cast<float>(state >> 8) / 16777216.0F;
      frames.push_back(value > 0.45F ? 20 * (value - 0.45F) + 3 * noise : 0);
    }
  }
  const ContextFrames context = context_of(frames, FieldKind::kRain);
  const BaselineForecast forecast = make("sprog")->forecast(context, 3);
  const std::vector<float> last(frames.end() - kArea, frames.end());
  const std::vector<float> first_lead(forecast.frames.begin(), forecast.frames.begin() + kArea);
  const auto wet = [](const std::vector<float>& field) {
    return std::count_if(field.begin(), field.end(), [](float v) { return v >= 0.1F; });
  };
  EXPECT_NEAR(static_cast<double>(wet(first_lead)), static_cast<double>(wet(last)), 0.03 * kArea);
  // The noise is not to be foreseen: nearer to the steady rain than the last frame is.
  const auto distance = [&](const std::vector<float>& field) {
    double sum = 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
      const float expected = steady.values[i] > 0.45F ? 20 * (steady.values[i] - 0.45F) + 1.5F : 0;
      sum += std::abs(static_cast<double>(field[i]) - static_cast<double>(expected));
    }
    return sum / static_cast<double>(field.size());
  };
  EXPECT_TRUE(distance(first_lead) < 0.8 * distance(last)) << distance(first_lead) << " " << distance(last);
}

TEST(MotionBaselines, TheTableHasThoseOfTheEngineFirst) {
  const std::vector<std::string> names = baseline_names(all_baselines());
  EXPECT_EQ(names, (std::vector<std::string>{"persistence", "mean", "climatology", "extrapolation", "sprog"}));
}

}  // namespace
}  // namespace nextframe
