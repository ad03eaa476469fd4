#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/metrics/metric.h"

namespace nextframe {

enum class Better { kLower, kHigher };

/// One row a score.
struct MetricEntry {
  std::string_view name;
  Better better = Better::kLower;
  std::string_view units;  ///< empty where the score has none
  std::string_view doc;
  std::unique_ptr<Metric> (*make)(std::int64_t horizon) = nullptr;
};

std::unique_ptr<Metric> make_mse(std::int64_t horizon);
std::unique_ptr<Metric> make_mae(std::int64_t horizon);
std::unique_ptr<Metric> make_rmse(std::int64_t horizon);
std::unique_ptr<Metric> make_mse_openstl(std::int64_t horizon);
std::unique_ptr<Metric> make_mae_openstl(std::int64_t horizon);
std::unique_ptr<Metric> make_psnr(std::int64_t horizon);
std::unique_ptr<Metric> make_ssim(std::int64_t horizon);
std::unique_ptr<Metric> make_ssim_openstl(std::int64_t horizon);

/// All scores, for frames whose values are scaled to 0..1. An overall figure is the mean over lead times.
inline constexpr std::array<MetricEntry, 8> kMetrics{{
    {"mse", Better::kLower, "", "squared error, mean over all valid pixels", make_mse},
    {"mae", Better::kLower, "", "absolute error, mean over all valid pixels", make_mae},
    {"rmse", Better::kLower, "", "square root of mse, taken for each lead time", make_rmse},
    {"mse_openstl", Better::kLower, "", "squared error, summed over a frame's pixels and channels, mean over frames",
     make_mse_openstl},
    {"mae_openstl", Better::kLower, "", "absolute error, summed over a frame's pixels and channels, mean over frames",
     make_mae_openstl},
    {"psnr", Better::kHigher, "dB",
     "peak signal-to-noise ratio of a frame clipped to 0..1, mean over frames that differ", make_psnr},
    {"ssim", Better::kHigher, "",
     "structural similarity of frames clipped to 0..1, Gaussian window 11x11 of sigma 1.5, range 1 (Wang et al. 2004)",
     make_ssim},
    {"ssim_openstl", Better::kHigher, "",
     "structural similarity as OpenSTL computes it: uniform window 7x7, sample covariance, range 2", make_ssim_openstl},
}};

/// The row of that name; rejects any other and says which there are.
const MetricEntry& find_metric(std::string_view name);

/// Whether `score` is better than `other`; never so for NaN.
constexpr bool is_better(Better better, double score, double other) {
  return better == Better::kLower ? score < other : score > other;
}

}  // namespace nextframe
