#include "core/metrics/structural_similarity.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace nextframe {
namespace {

/// A field of doubles with its rows one after the other.
struct Plane {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> values;

  Plane(std::int64_t rows, std::int64_t columns)
      : height(rows), width(columns), values(static_cast<std::size_t>(rows * columns)) {}
  double& at(std::int64_t y, std::int64_t x) { return values[static_cast<std::size_t>(y * width + x)]; }
  double at(std::int64_t y, std::int64_t x) const { return values[static_cast<std::size_t>(y * width + x)]; }
};

/// Weighted means over all windows wholly inside: each dimension shrinks by the number of weights - 1.
Plane window_means(const Plane& plane, const std::vector<double>& weights) {
  const auto size = static_cast<std::int64_t>(weights.size());
  Plane rows(plane.height, plane.width - size + 1);
  for (std::int64_t y = 0; y < rows.height; ++y) {
    for (std::int64_t k = 0; k < size; ++k) {
      const double weight = weights[static_cast<std::size_t>(k)];
      for (std::int64_t x = 0; x < rows.width; ++x) rows.at(y, x) += weight * plane.at(y, x + k);
    }
  }
  Plane means(plane.height - size + 1, rows.width);
  for (std::int64_t y = 0; y < means.height; ++y) {
    for (std::int64_t k = 0; k < size; ++k) {
      const double weight = weights[static_cast<std::size_t>(k)];
      for (std::int64_t x = 0; x < means.width; ++x) means.at(y, x) += weight * rows.at(y + k, x);
    }
  }
  return means;
}

Plane product(const Plane& a, const Plane& b) {
  Plane result(a.height, a.width);
  std::transform(a.values.begin(), a.values.end(), b.values.begin(), result.values.begin(), std::multiplies<>());
  return result;
}

/// One channel, clipped; masked pixels, whose content may be anything, become 0.
Plane channel_of(const float* frame, const FramePair& pair, std::int64_t channel) {
  Plane plane(pair.height, pair.width);
  for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
    if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
    plane.values[static_cast<std::size_t>(pixel)] =
        std::clamp(static_cast<double>(frame[pixel * pair.channels + channel]), 0.0, 1.0);
  }
  return plane;
}

/// 1 for the windows that hold no masked pixel.
std::vector<char> countable_windows(const FramePair& pair, std::int64_t size) {
  const std::int64_t height = pair.height - size + 1;
  const std::int64_t width = pair.width - size + 1;
  std::vector<char> countable(static_cast<std::size_t>(height * width), 1);
  if (pair.mask == nullptr) return countable;
  Plane masked(pair.height, pair.width);
  for (std::size_t i = 0; i < masked.values.size(); ++i) masked.values[i] = pair.mask[i] == 0 ? 1 : 0;
  const Plane found = window_means(masked, std::vector<double>(static_cast<std::size_t>(size), 1.0));
  std::transform(found.values.begin(), found.values.end(), countable.begin(),
                 [](double count) { return count == 0 ? char{1} : char{0}; });
  return countable;
}

double channel_similarity(const Plane& x, const Plane& y, const std::vector<char>& countable,
                          const SimilarityWindow& window) {
  const Plane mean_x = window_means(x, window.weights);
  const Plane mean_y = window_means(y, window.weights);
  const Plane mean_xx = window_means(product(x, x), window.weights);
  const Plane mean_yy = window_means(product(y, y), window.weights);
  const Plane mean_xy = window_means(product(x, y), window.weights);
  double sum = 0;
  double count = 0;
  for (std::size_t i = 0; i < countable.size(); ++i) {
    if (countable[i] == 0) continue;
    const double mx = mean_x.values[i];
    const double my = mean_y.values[i];
    const double variance_x = window.covariance_factor * (mean_xx.values[i] - mx * mx);
    const double variance_y = window.covariance_factor * (mean_yy.values[i] - my * my);
    const double covariance = window.covariance_factor * (mean_xy.values[i] - mx * my);
    sum += (2 * mx * my + window.luminance_constant) * (2 * covariance + window.contrast_constant) /
           ((mx * mx + my * my + window.luminance_constant) * (variance_x + variance_y + window.contrast_constant));
    count += 1;
  }
  return sum / count;
}

}  // namespace

std::optional<double> structural_similarity(const FramePair& pair, const SimilarityWindow& window) {
  const auto size = static_cast<std::int64_t>(window.weights.size());
  if (pair.height < size || pair.width < size || pair.channels < 1) return std::nullopt;
  const std::vector<char> countable = countable_windows(pair, size);
  if (std::find(countable.begin(), countable.end(), char{1}) == countable.end()) return std::nullopt;
  double sum = 0;
  for (std::int64_t channel = 0; channel < pair.channels; ++channel) {
    sum += channel_similarity(channel_of(pair.forecast, pair, channel), channel_of(pair.truth, pair, channel),
                              countable, window);
  }
  return sum / static_cast<double>(pair.channels);
}

StructuralSimilarity::StructuralSimilarity(std::int64_t horizon, SimilarityWindow window)
    : MeanMetric(horizon), window_(std::move(window)) {}

Sums StructuralSimilarity::measure(std::int64_t, const FramePair& pair) {
  const std::optional<double> similarity = structural_similarity(pair, window_);
  return similarity ? counted(*similarity, 1) : left_out();
}

}  // namespace nextframe
