#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace nextframe {

/// With fewer blocks nothing can be said of the spread.
inline constexpr std::int64_t kFewestBlocks = 4;

struct BootstrapOptions {
  enum class Width { kPercentile, kCorrected };

  double confidence = 0.95;
  std::int64_t resamples = 10000;
  /// Neighbouring windows that are drawn together, because windows that overlap or follow each other are alike; 1 for
  /// windows that are independent.
  std::int64_t block = 1;
  std::uint64_t seed = 1;
  /// Percentiles of resampled blocks are too narrow: for few blocks, and because blocks cut through what overlaps. The
  /// correction stretches them about the figure of all windows by sqrt(n / (n - 1)) t / z, of n blocks and the quantiles of
  /// Student's t and of the normal distribution, and by 1 / sqrt(1 - (m^2 - 1) / (3 m b)): with blocks of b that is exact
  /// for windows of m frames, each of which is wrong by itself.
  Width width = Width::kPercentile;
  std::int64_t overlap = 1;  ///< kCorrected: m, neighbouring windows that share frames
};

struct Interval {
  double low = 0;
  double high = 0;
};

/// The middle `confidence` of figures of resamples, which may come in any order. Those that are not finite are left out;
/// missing where they are more than one in ten.
std::optional<Interval> percentile_interval(std::vector<double> figures, double confidence = 0.95);

/// The mean over windows of score - other score, and how sure it is.
struct MeanDifference {
  std::optional<double> mean;        ///< missing without a window
  std::optional<Interval> interval;  ///< missing with fewer than kFewestBlocks blocks
  std::int64_t windows = 0;          ///< those where both scores are there
};

/// How sure a figure is that is made of windows: percentile bootstrap with circular blocks (Politis and Romano 1992).
/// `figure` gets the numbers of the windows drawn, as many as there are. Missing with fewer than kFewestBlocks blocks
/// or where a figure is not finite. The same seed gives the same interval.
std::optional<Interval> bootstrap_interval(std::int64_t windows, const BootstrapOptions& options,
                                           const std::function<double(std::span<const std::int64_t>)>& figure);

/// A forecaster's figure over all windows, in several runs that differ by their seed.
struct RunSpread {
  std::int64_t runs = 0;
  double standard_error = 0;  ///< of the mean over runs

  explicit RunSpread(std::span<const double> figures);
};

/// The same of a figure that holds means over runs, so that it covers other windows and other seeds: each resampled
/// figure is moved by an error of each mean, standard_error times a draw from Student's t of runs - 1 degrees of freedom
/// (few runs say little of their own spread, which resampling them would hide). Spreads of one run are unknown: missing.
std::optional<Interval> bootstrap_interval(std::int64_t windows, const BootstrapOptions& options,
                                           const std::function<double(std::span<const std::int64_t>)>& figure,
                                           std::span<const RunSpread> spreads);

/// The mean difference of the scores of the same windows, in their order, and its interval. A window counts where both
/// scores are given.
MeanDifference bootstrap_difference(std::span<const std::optional<double>> scores,
                                    std::span<const std::optional<double>> others, const BootstrapOptions& options);

}  // namespace nextframe
