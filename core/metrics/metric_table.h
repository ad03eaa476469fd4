#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/metrics/contingency.h"
#include "core/metrics/metric.h"

namespace nextframe {

enum class Better { kLower, kHigher, kNearOne, kNearZero };

/// Which numbers a score is made of.
enum class ScoreScale {
  kUnit,   ///< the range of the pictures as 0..1
  kValue,  ///< mm/h for rain, and 0..1 for everything else
};

/// One row a score. Exactly one of the three ways to compute it is set.
struct MetricEntry {
  std::string_view name;
  Better better = Better::kLower;
  ScoreScale scale = ScoreScale::kValue;
  std::string_view units = {};  ///< empty where the score has none; kUnitsOfValues: those of the values
  std::string_view doc = {};
  /// A score of all values.
  std::unique_ptr<Metric> (*make)(std::int64_t horizon) = nullptr;
  /// One of events in windows of a side, in pixels.
  std::unique_ptr<Metric> (*make_windowed)(std::int64_t horizon, double threshold, std::int64_t window) = nullptr;
  /// One of counted events, after a max-pool where `pool` is above 1.
  std::optional<double> (*formula)(const Contingency& table) = nullptr;
  std::int64_t pool = 1;

  /// Whether there is one score for each threshold.
  bool of_events() const { return make == nullptr; }
  /// Whether it tells the better of two models by itself.
  bool ranks() const { return !of_events() && (better == Better::kLower || better == Better::kHigher); }
};

inline constexpr std::string_view kUnitsOfValues = "value";

std::unique_ptr<Metric> make_mse(std::int64_t horizon);
std::unique_ptr<Metric> make_mae(std::int64_t horizon);
std::unique_ptr<Metric> make_rmse(std::int64_t horizon);
std::unique_ptr<Metric> make_mse_openstl(std::int64_t horizon);
std::unique_ptr<Metric> make_mae_openstl(std::int64_t horizon);
std::unique_ptr<Metric> make_psnr(std::int64_t horizon);
std::unique_ptr<Metric> make_ssim(std::int64_t horizon);
std::unique_ptr<Metric> make_ssim_openstl(std::int64_t horizon);

std::unique_ptr<Metric> make_bias(std::int64_t horizon);
std::unique_ptr<Metric> make_correlation(std::int64_t horizon);
std::unique_ptr<Metric> make_b_mse(std::int64_t horizon);
std::unique_ptr<Metric> make_b_mae(std::int64_t horizon);
std::unique_ptr<Metric> make_fss(std::int64_t horizon, double threshold, std::int64_t window);

/// All scores. An overall figure is the mean over those lead times that have one. An event is a value of at least the
/// threshold; a score of no event is missing.
inline constexpr std::array<MetricEntry, 23> kMetrics{{
    {.name = "mse", .doc = "squared error, mean over all valid pixels", .make = make_mse},
    {.name = "mae", .units = kUnitsOfValues, .doc = "absolute error, mean over all valid pixels", .make = make_mae},
    {.name = "rmse", .units = kUnitsOfValues, .doc = "square root of mse, taken for each lead time", .make = make_rmse},
    {.name = "mse_openstl",
     .scale = ScoreScale::kUnit,
     .doc = "squared error, summed over a frame's pixels and channels, mean over frames",
     .make = make_mse_openstl},
    {.name = "mae_openstl",
     .scale = ScoreScale::kUnit,
     .doc = "absolute error, summed over a frame's pixels and channels, mean over frames",
     .make = make_mae_openstl},
    {.name = "psnr",
     .better = Better::kHigher,
     .scale = ScoreScale::kUnit,
     .units = "dB",
     .doc = "peak signal-to-noise ratio of a frame clipped to 0..1, mean over frames that differ",
     .make = make_psnr},
    {.name = "ssim",
     .better = Better::kHigher,
     .scale = ScoreScale::kUnit,
     .doc = "structural similarity of frames clipped to 0..1, Gaussian window 11x11 of sigma 1.5, range 1 (Wang et al. "
            "2004)",
     .make = make_ssim},
    {.name = "ssim_openstl",
     .better = Better::kHigher,
     .scale = ScoreScale::kUnit,
     .doc = "structural similarity as OpenSTL computes it: uniform window 7x7, sample covariance, range 2",
     .make = make_ssim_openstl},
    {.name = "bias",
     .better = Better::kNearZero,
     .units = kUnitsOfValues,
     .doc = "forecast - truth, mean over all valid pixels",
     .make = make_bias},
    {.name = "correlation",
     .better = Better::kHigher,
     .doc = "Pearson's, over all valid pixels of all frames together",
     .make = make_correlation},
    {.name = "b_mse",
     .doc = "HKO-7's balanced squared error: of its pixel values (0..1 for -10..60 dBZ, Z = 58.53 R^1.56), times 1, 2, "
            "5, 10, 30 from an observed 0, 2, 5, 10, 30 mm/h on, summed over a frame, mean over frames; rain only",
     .make = make_b_mse},
    {.name = "b_mae", .doc = "HKO-7's balanced absolute error, likewise; rain only", .make = make_b_mae},
    {.name = "csi",
     .better = Better::kHigher,
     .doc = "critical success index, hits / (hits + misses + false alarms)",
     .formula = critical_success_index},
    {.name = "pod",
     .better = Better::kHigher,
     .doc = "probability of detection, hits / (hits + misses)",
     .formula = probability_of_detection},
    {.name = "far", .doc = "false alarm ratio, false alarms / (hits + false alarms)", .formula = false_alarm_ratio},
    {.name = "hss",
     .better = Better::kHigher,
     .doc = "Heidke skill score, 2 GSS / (GSS + 1)",
     .formula = heidke_skill_score},
    {.name = "gss",
     .better = Better::kHigher,
     .doc = "Gilbert skill score (ETS): CSI with the hits of chance taken off both sides",
     .formula = gilbert_skill_score},
    {.name = "hk",
     .better = Better::kHigher,
     .doc = "Hanssen and Kuipers' discriminant, pod - false alarms / (false alarms + correct negatives)",
     .formula = hanssen_kuipers},
    {.name = "mcc",
     .better = Better::kHigher,
     .doc = "Matthews' correlation of events forecast and observed",
     .formula = matthews_correlation},
    {.name = "frequency_bias",
     .better = Better::kNearOne,
     .doc = "how often an event was forecast / how often it came",
     .formula = frequency_bias},
    {.name = "csi_pool4",
     .better = Better::kHigher,
     .doc = "CSI of the largest values in squares of 4x4 pixels",
     .formula = critical_success_index,
     .pool = 4},
    {.name = "csi_pool16",
     .better = Better::kHigher,
     .doc = "CSI of the largest values in squares of 16x16 pixels",
     .formula = critical_success_index,
     .pool = 16},
    {.name = "fss",
     .better = Better::kHigher,
     .doc = "fractions skill score of windows (Roberts and Lean 2008), outside and masked pixels without event",
     .make_windowed = make_fss},
}};

/// The row of that name; rejects any other and says which there are.
const MetricEntry& find_metric(std::string_view name);

/// Whether `score` is better than `other`; never so for NaN.
constexpr bool is_better(Better better, double score, double other) {
  const auto distance = [](double from, double to) { return from < to ? to - from : from - to; };
  switch (better) {
    case Better::kLower:
      return score < other;
    case Better::kHigher:
      return score > other;
    case Better::kNearOne:
      return distance(score, 1) < distance(other, 1);
    case Better::kNearZero:
      return distance(score, 0) < distance(other, 0);
  }
  return false;
}

}  // namespace nextframe
