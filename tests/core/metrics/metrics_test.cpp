#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/metrics/metric_table.h"
#include "tests/core/metrics/golden_scores.h"
#include "tests/core/metrics/numbers.h"

namespace nextframe {
namespace {

using test::expect_close;
using test::numbers;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Frames {
  std::vector<float> forecast;
  std::vector<float> truth;
};

Frames frames_of(std::string_view kind, std::int64_t count) {
  Frames frames{numbers(2, count), numbers(1, count)};
  for (std::size_t i = 0; i < frames.truth.size(); ++i) {
    float& forecast = frames.forecast[i];
    if (kind == "near") forecast = (frames.truth[i] + forecast) / 2;
    if (kind == "outside") forecast = 2 * forecast - 0.5F;
    if (kind == "equal") forecast = frames.truth[i];
    if (kind == "flat") {
      forecast = 0.25F;
      frames.truth[i] = 0;
    }
  }
  return frames;
}

Score score_of(const MetricEntry& entry, const FramePair& pair) {
  const std::unique_ptr<Metric> metric = entry.make(1);
  metric->add(0, pair);
  return metric->per_lead().at(0);
}

/// The rows that need no threshold.
std::vector<MetricEntry> rows_of_values() {
  std::vector<MetricEntry> rows;
  std::copy_if(kMetrics.begin(), kMetrics.end(), std::back_inserter(rows),
               [](const MetricEntry& entry) { return !entry.of_events(); });
  return rows;
}

TEST(Metrics, EqualThoseOfScikitImage) {
  for (const GoldenScores& golden : kGoldenScores) {
    const Frames frames = frames_of(golden.kind, golden.height * golden.width * golden.channels);
    const FramePair pair{frames.forecast.data(), frames.truth.data(), nullptr,
                         golden.height,          golden.width,        golden.channels};
    for (std::size_t i = 0; i < golden.scores.size(); ++i) {
      const std::string what = std::string(golden.kind) + " " + std::to_string(golden.height) + "x" +
                               std::to_string(golden.width) + " " + std::string(kMetrics[i].name);
      const Score score = score_of(kMetrics[i], pair);
      if (std::isnan(golden.scores[i])) {
        EXPECT_FALSE(score.value) << what;
        EXPECT_EQ(score.left_out, 1) << what;
      } else {
        ASSERT_TRUE(score.value) << what;
        expect_close(*score.value, golden.scores[i], 1e-9 * (1 + std::abs(golden.scores[i])), what);
        EXPECT_EQ(score.frames, 1) << what;
      }
    }
  }
}

TEST(Metrics, MaskedPixelsCountForNothing) {
  // A frame with its first columns masked has the scores of the frame without them, whatever stands there.
  const std::int64_t height = 20, width = 26, channels = 2, hidden = 5;
  const Frames frames = frames_of("near", height * width * channels);
  std::vector<float> mask(static_cast<std::size_t>(height * width), 1);
  Frames spoilt = frames;
  Frames cropped;
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      for (std::int64_t c = 0; c < channels; ++c) {
        const auto i = static_cast<std::size_t>((y * width + x) * channels + c);
        if (x < hidden) {
          mask[static_cast<std::size_t>(y * width + x)] = 0;
          spoilt.forecast[i] = kNaN;
          spoilt.truth[i] = -77;
        } else {
          cropped.forecast.push_back(frames.forecast[i]);
          cropped.truth.push_back(frames.truth[i]);
        }
      }
    }
  }
  for (const MetricEntry& entry : rows_of_values()) {
    const Score masked =
        score_of(entry, {spoilt.forecast.data(), spoilt.truth.data(), mask.data(), height, width, channels});
    const Score whole =
        score_of(entry, {cropped.forecast.data(), cropped.truth.data(), nullptr, height, width - hidden, channels});
    ASSERT_TRUE(masked.value && whole.value) << entry.name;
    expect_close(*masked.value, *whole.value, 1e-12 * (1 + std::abs(*whole.value)), std::string(entry.name));
  }
}

TEST(Metrics, NothingToCountIsMissing) {
  const std::vector<float> frame(400, 0.5F);
  const std::vector<float> mask(400, 0);
  for (const MetricEntry& entry : rows_of_values()) {
    EXPECT_FALSE(entry.make(3)->overall().value) << entry.name;
    EXPECT_EQ(entry.make(3)->per_lead().size(), 3U);
    const Score score = score_of(entry, {frame.data(), frame.data(), mask.data(), 20, 20, 1});
    EXPECT_FALSE(score.value) << entry.name;
    EXPECT_EQ(score.frames, 0) << entry.name;
    EXPECT_EQ(score.left_out, 1) << entry.name;
  }
  std::vector<float> hole(169, 1);
  hole[6 * 13 + 6] = 0;  // in every window of 7x7 or 11x11
  for (const char* name : {"ssim", "ssim_openstl"}) {
    EXPECT_FALSE(score_of(find_metric(name), {frame.data(), frame.data(), hole.data(), 13, 13, 1}).value) << name;
  }
  const FramePair small{frame.data(), frame.data(), nullptr, 6, 40, 1};
  EXPECT_FALSE(score_of(find_metric("ssim_openstl"), small).value);
  EXPECT_FALSE(score_of(find_metric("ssim"), small).value);
}

TEST(Metrics, AForecastThatIsNotFiniteShows) {
  std::vector<float> forecast(400, 0.5F);
  const std::vector<float> truth(400, 0.25F);
  forecast[123] = kNaN;
  for (const MetricEntry& entry : rows_of_values()) {
    const Score score = score_of(entry, {forecast.data(), truth.data(), nullptr, 20, 20, 1});
    ASSERT_TRUE(score.value) << entry.name;
    EXPECT_TRUE(std::isnan(*score.value)) << entry.name;
    EXPECT_FALSE(is_better(entry.better, *score.value, entry.better == Better::kLower ? 1e9 : -1e9));
  }
}

TEST(Metrics, LeadTimesAreApartAndTheOverallFigureIsTheirMean) {
  // Two sequences of 2x1 pixels, three lead times, the third wholly masked.
  const std::vector<float> truth(12, 0);
  const std::vector<float> forecast{0.1F, 0.1F, 0.3F, 0.3F, 0.2F, 0.2F, 0.2F, 0.6F, 1, 1, 1, 1};
  const std::vector<float> mask{1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0};
  const ForecastBatch batch{forecast.data(), truth.data(), mask.data(), 3, 2, 2, 1, 1};
  const auto scores = [&](const char* name) {
    auto metric = find_metric(name).make(3);
    add_batch(*metric, batch);
    return metric;
  };
  const auto mse = scores("mse");
  expect_close(*mse->per_lead()[0].value, 0.05, 1e-8, "mse, first lead time");
  expect_close(*mse->per_lead()[1].value, 0.04, 1e-8, "mse, second lead time");
  EXPECT_FALSE(mse->per_lead()[2].value);
  EXPECT_EQ(mse->per_lead()[2].left_out, 2);
  expect_close(*mse->overall().value, 0.045, 1e-8, "mse");
  EXPECT_EQ(mse->overall().frames, 4);
  EXPECT_EQ(mse->overall().left_out, 2);
  expect_close(*scores("mse_openstl")->per_lead()[0].value, 0.1, 1e-7, "mse_openstl");
  expect_close(*scores("mae_openstl")->per_lead()[1].value, 0.3, 1e-7, "mae_openstl");
  expect_close(*scores("rmse")->per_lead()[1].value, 0.2, 1e-7, "rmse");
  expect_close(*scores("psnr")->per_lead()[0].value, (-10 * std::log10(0.01) - 10 * std::log10(0.09)) / 2, 1e-6,
               "psnr");

  auto second = find_metric("mse").make(3);
  add_sequence(*second, batch, 1);
  expect_close(*second->per_lead()[0].value, 0.09, 1e-8, "mse of the second sequence");
}

TEST(Metrics, EqualFramesAreLeftOutOfTheSignalToNoiseRatio) {
  const std::vector<float> truth(16, 0.5F), near(16, 0.6F);
  auto metric = find_metric("psnr").make(1);
  metric->add(0, {truth.data(), truth.data(), nullptr, 4, 4, 1});
  metric->add(0, {near.data(), truth.data(), nullptr, 4, 4, 1});
  const Score score = metric->overall();
  expect_close(score.value.value_or(kNaN), 20, 1e-5, "psnr");
  EXPECT_EQ(score.frames, 1);
  EXPECT_EQ(score.left_out, 1);
}

TEST(Metrics, TheTableKnowsDirectionsAndNames) {
  EXPECT_EQ(find_metric("psnr").better, Better::kHigher);
  EXPECT_EQ(find_metric("ssim_openstl").better, Better::kHigher);
  EXPECT_EQ(find_metric("mse_openstl").better, Better::kLower);
  EXPECT_TRUE(is_better(Better::kHigher, 2, 1));
  EXPECT_TRUE(is_better(Better::kLower, 1, 2));
  EXPECT_TRUE(is_better(Better::kNearOne, 0.9, 1.2));
  EXPECT_FALSE(is_better(Better::kNearZero, -2, 1));
  for (const MetricEntry& entry : kMetrics) {
    const int ways = (entry.make != nullptr) + (entry.make_windowed != nullptr) + (entry.formula != nullptr);
    EXPECT_EQ(ways, 1) << entry.name;
  }
  try {
    find_metric("pnsr");
    FAIL() << "an unknown name was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    EXPECT_NE(std::string(error.what()).find("did you mean \"psnr\""), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nextframe
