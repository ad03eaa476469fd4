#include "core/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

double resampled_mean(const std::vector<double>& values, std::int64_t block, Random& random) {
  const std::size_t count = values.size();
  double sum = 0;
  for (std::size_t taken = 0; taken < count;) {
    const std::size_t first = random.below(count);
    for (std::int64_t i = 0; i < block && taken < count; ++i, ++taken) {
      sum += values[(first + static_cast<std::size_t>(i)) % count];
    }
  }
  return sum / static_cast<double>(count);
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
  const std::int64_t block = std::max<std::int64_t>(options.block, 1);
  if (result.windows / block < kFewestBlocks || !std::isfinite(sum)) return result;

  Random random(options.seed);
  std::vector<double> means(static_cast<std::size_t>(std::max<std::int64_t>(options.resamples, 1)));
  for (double& mean : means) mean = resampled_mean(differences, block, random);
  std::sort(means.begin(), means.end());
  const double tail = (1 - options.confidence) / 2;
  result.interval = Interval{quantile(means, tail), quantile(means, 1 - tail)};
  return result;
}

}  // namespace nextframe
