#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "core/json/value.h"
#include "core/metrics/metric_table.h"
#include "tests/core/metrics/numbers.h"
#include "tests/core/metrics/rain_fields.h"

namespace nextframe {
namespace {

using test::expect_close;
using test::numbers;
using test::rain;

/// One case of the golden file: three sequences of one lead time.
struct RainCase {
  std::string kind;
  std::int64_t height = 0, width = 0;
  std::vector<float> forecast, truth, mask;

  explicit RainCase(const json::Value& golden)
      : kind(golden.at("kind", "golden").get<std::string>("kind")),
        height(golden.at("height", "golden").get<std::int64_t>("height")),
        width(golden.at("width", "golden").get<std::int64_t>("width")) {
    const std::int64_t count = 3 * height * width;
    truth = rain(11, count);
    forecast = rain(12, count);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const float other = forecast[i];
      forecast[i] = 0.5F * truth[i] + 0.5F * other;
      if (kind == "dry") forecast[i] = truth[i] = 0;
      if (kind == "never") truth[i] = 0;
      if (kind == "always") {
        truth[i] += 31;
        forecast[i] = other + 31;
      }
    }
    if (kind != "masked") return;
    mask = numbers(13, count);
    for (float& m : mask) m = m >= 0.25F ? 1 : 0;
  }

  ForecastBatch batch() const {
    return {.forecast = forecast.data(),
            .truth = truth.data(),
            .mask = mask.empty() ? nullptr : mask.data(),
            .horizon = 1,
            .sequences = 3,
            .height = height,
            .width = width,
            .channels = 1};
  }
  Score score(Metric& metric) const {
    add_batch(metric, batch());
    return metric.per_lead().at(0);
  }
  Contingency count(double threshold, std::int64_t pool) const {
    ContingencyTable table(1, threshold, pool);
    for (std::int64_t n = 0; n < 3; ++n) table.add(0, batch().frame(0, n));
    return table.per_lead().at(0);
  }
};

void expect_score(const std::optional<double>& score, const json::Value& golden, const std::string& what) {
  if (golden.is_null()) {
    EXPECT_FALSE(score) << what << ": " << *score;
    return;
  }
  const double expected = golden.get<double>(what);
  ASSERT_TRUE(score) << what << ": missing, expected " << expected;
  expect_close(*score, expected, 1e-9 * (1 + std::abs(expected)), what);
}

class RainScores : public testing::Test {
 protected:
  RainScores() : golden_(json::read_file(std::string(NEXTFRAME_GOLDEN) + "/rain_scores.json")) {}

  const json::Value::Array& cases() const { return golden_.at("cases", "golden").items("cases"); }

  json::Value golden_;
};

TEST_F(RainScores, OfValuesEqualThoseOfSciPy) {
  for (const json::Value& golden : cases()) {
    const RainCase one(golden);
    for (const auto& [name, expected] : golden.at("scores", "golden").members("scores")) {
      const Score score = one.score(*find_metric(name).make(1));
      expect_score(score.value, expected, one.kind + " " + name);
      EXPECT_EQ(score.frames, 3);
    }
  }
}

TEST_F(RainScores, OfEventsEqualTheClassicalFormulas) {
  std::size_t checked = 0;
  for (const json::Value& golden : cases()) {
    const RainCase one(golden);
    for (const json::Value& event : golden.at("events", "golden").items("events")) {
      const double threshold = event.at("threshold", "golden").get<double>("threshold");
      const Contingency table = one.count(threshold, 1);
      const json::Value::Array& counts = event.at("counts", "golden").items("counts");
      const std::vector<std::int64_t> got{table.hits, table.false_alarms, table.misses, table.correct_negatives};
      for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(got[i], counts[i].get<std::int64_t>("counts")) << one.kind;
      for (const MetricEntry& entry : kMetrics) {
        if (entry.formula == nullptr) continue;
        const json::Value& expected = event.at(entry.name, "golden");
        expect_score(entry.formula(one.count(threshold, entry.pool)), expected,
                     one.kind + " " + std::string(entry.name) + " at " + std::to_string(threshold));
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, 6U * 3U * 10U);
}

TEST_F(RainScores, OfWindowsEqualThoseOfSciPy) {
  const json::Value::Array& windows = golden_.at("windows", "golden").items("windows");
  for (const json::Value& golden : cases()) {
    const RainCase one(golden);
    for (const json::Value& event : golden.at("events", "golden").items("events")) {
      const double threshold = event.at("threshold", "golden").get<double>("threshold");
      const json::Value::Array& expected = event.at("fss", "golden").items("fss");
      for (std::size_t w = 0; w < windows.size(); ++w) {
        const auto window = windows[w].get<std::int64_t>("window");
        const Score score = one.score(*find_metric("fss").make_windowed(1, threshold, window));
        expect_score(score.value, expected[w], one.kind + " fss " + std::to_string(window));
      }
    }
  }
}

TEST_F(RainScores, OfWindowsCountMaskedPixelsForNothing) {
  // With its first columns masked a field scores as the field without them.
  const RainCase one(cases()[1]);
  std::vector<float> mask(one.truth.size(), 1), forecast, truth;
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (static_cast<std::int64_t>(i) % one.width < 7) {
      mask[i] = 0;
    } else {
      forecast.push_back(one.forecast[i]);
      truth.push_back(one.truth[i]);
    }
  }
  const auto score = [](const ForecastBatch& batch) {
    const auto metric = find_metric("fss").make_windowed(1, 5, 9);
    add_batch(*metric, batch);
    return metric->overall().value.value_or(std::nan(""));
  };
  ForecastBatch masked = one.batch(), cropped = one.batch();
  masked.mask = mask.data();
  cropped.forecast = forecast.data();
  cropped.truth = truth.data();
  cropped.width -= 7;
  expect_close(score(masked), score(cropped), 1e-12, "fss");
}

}  // namespace
}  // namespace nextframe
