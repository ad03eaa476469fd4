#include "core/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

/// Fills `drawn` with circular blocks of neighbouring windows.
void draw(std::vector<std::int64_t>& drawn, std::int64_t block, Random& random) {
  const std::size_t count = drawn.size();
  for (std::size_t taken = 0; taken < count;) {
    const std::size_t first = random.below(count);
    for (std::int64_t i = 0; i < block && taken < count; ++i, ++taken) {
      drawn[taken] = static_cast<std::int64_t>((first + static_cast<std::size_t>(i)) % count);
    }
  }
}

double draw_student_t(std::int64_t degrees, Random& random) {
  double squares = 0;
  const double numerator = random.normal();
  for (std::int64_t i = 0; i < degrees; ++i) {
    const double one = random.normal();
    squares += one * one;
  }
  return numerator / std::sqrt(squares / static_cast<double>(degrees));
}

/// The upper quantile of Student's t, by its expansion about that of the normal distribution (Abramowitz and Stegun 1964,
/// 26.7.5), for `degrees` of 3 or more.
double student_quantile(double z, double degrees) {
  const double z2 = z * z;
  const double first = z * (z2 + 1) / 4;
  const double second = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double fourth = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  return z + (first + (second + (third + fourth / degrees) / degrees) / degrees) / degrees;
}

/// The upper quantile of the normal distribution, by bisection.
double normal_quantile(double share) {
  double low = -10, high = 10;
  while (high - low > 1e-12) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < share ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// See BootstrapOptions::Width.
double stretch_of(std::int64_t windows, std::int64_t block, const BootstrapOptions& options) {
  if (options.width == BootstrapOptions::Width::kPercentile) return 1;
  const auto blocks = static_cast<double>(windows / block);
  const double z = normal_quantile((1 + options.confidence) / 2);
  const double few = std::sqrt(blocks / (blocks - 1)) * student_quantile(z, blocks - 1) / z;
  const auto overlap = static_cast<double>(std::max<std::int64_t>(options.overlap, 1));
  // Blocks much shorter than the overlap are too narrow in any case, and said to be.
  constexpr double kLeast = 1.0 / 3;
  const double kept = 1 - (overlap * overlap - 1) / (3 * overlap * static_cast<double>(block));
  return few / std::sqrt(std::max(kept, kLeast));
}

/// Linear interpolation between the sorted values.
double quantile(const std::vector<double>& sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(below);
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

}  // namespace

std::optional<Interval> percentile_interval(std::vector<double> figures, double confidence) {
  const auto finite =
      std::partition(figures.begin(), figures.end(), [](double figure) { return std::isfinite(figure); });
  if (figures.empty() || 10 * (figures.end() - finite) > std::ssize(figures)) return std::nullopt;
  figures.erase(finite, figures.end());
  std::sort(figures.begin(), figures.end());
  const double tail = (1 - confidence) / 2;
  return Interval{quantile(figures, tail), quantile(figures, 1 - tail)};
}

RunSpread::RunSpread(std::span<const double> figures) : runs(std::ssize(figures)) {
  if (runs < 2) return;
  double mean = 0;
  for (const double figure : figures) mean += figure / static_cast<double>(runs);
  double squares = 0;
  for (const double figure : figures) squares += (figure - mean) * (figure - mean);
  standard_error = std::sqrt(squares / static_cast<double>(runs - 1) / static_cast<double>(runs));
}

std::optional<Interval> bootstrap_interval(std::int64_t windows, const BootstrapOptions& options,
                                           const std::function<double(std::span<const std::int64_t>)>& figure) {
  return bootstrap_interval(windows, options, figure, {});
}

std::optional<Interval> bootstrap_interval(std::int64_t windows, const BootstrapOptions& options,
                                           const std::function<double(std::span<const std::int64_t>)>& figure,
                                           std::span<const RunSpread> spreads) {
  const std::int64_t block = std::max<std::int64_t>(options.block, 1);
  if (windows / block < kFewestBlocks) return std::nullopt;
  if (std::any_of(spreads.begin(), spreads.end(), [](const RunSpread& spread) { return spread.runs < 2; })) {
    return std::nullopt;
  }
  Random random(options.seed);
  std::vector<std::int64_t> drawn(static_cast<std::size_t>(windows));
  std::iota(drawn.begin(), drawn.end(), std::int64_t{0});
  const double of_all = figure(drawn);
  const double stretch = stretch_of(windows, block, options);
  std::vector<double> figures(static_cast<std::size_t>(std::max<std::int64_t>(options.resamples, 1)));
  for (double& one : figures) {
    draw(drawn, block, random);
    one = figure(drawn);
    if (stretch != 1) one = of_all + stretch * (one - of_all);
    for (const RunSpread& spread : spreads) one += spread.standard_error * draw_student_t(spread.runs - 1, random);
    if (!std::isfinite(one)) return std::nullopt;
  }
  return percentile_interval(std::move(figures), options.confidence);
}

MeanDifference bootstrap_difference(std::span<const std::optional<double>> scores,
                                    std::span<const std::optional<double>> others, const BootstrapOptions& options) {
  if (scores.size() != others.size()) {
    fail("[metrics] {} scores beside {}, expected those of the same windows", scores.size(), others.size());
  }
  std::vector<double> differences;
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i] || !others[i]) continue;
    differences.push_back(*scores[i] - *others[i]);
    sum += differences.back();
  }
  MeanDifference result;
  result.windows = static_cast<std::int64_t>(differences.size());
  if (differences.empty()) return result;
  result.mean = sum / static_cast<double>(differences.size());
  result.interval = bootstrap_interval(result.windows, options, [&](std::span<const std::int64_t> drawn) {
    double total = 0;
    for (const std::int64_t window : drawn) total += differences[static_cast<std::size_t>(window)];
    return total / static_cast<double>(drawn.size());
  });
  return result;
}

}  // namespace nextframe
