#include "core/baselines/cascade.h"

#include <algorithm>
#include <cmath>

namespace nextframe {
namespace {

constexpr double kDeviation = 0.5;

}  // namespace

BandpassFilters::BandpassFilters(std::int64_t height, std::int64_t width, std::int64_t levels)
    : weights_(static_cast<std::size_t>(levels), ScalarField(height, width)) {
  // At least two waves, so that the levels of a field that is too small for any are apart.
  const double most_waves = std::max(static_cast<double>(std::max(height, width)) / 2, 2.0);
  const double log_q = std::log(most_waves) / static_cast<double>(levels);
  const auto in_levels = [&](double waves) { return std::log(waves) / log_q; };
  std::vector<double> centres;
  for (std::int64_t level = 1; level <= levels; ++level) {
    const auto k = static_cast<double>(level);
    centres.push_back(in_levels((std::exp((k - 1) * log_q) + std::exp(k * log_q)) / 2));
  }
  std::vector<double> share(static_cast<std::size_t>(levels));
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double waves = wave_number(height, width, y, x);
      if (waves == 0) {
        weights_.front().at(y, x) = 1;
        continue;
      }
      double sum = 0;
      for (std::size_t k = 0; k < centres.size(); ++k) {
        const double distance = (in_levels(waves) - centres[k]) / kDeviation;
        share[k] = std::exp(-distance * distance / 2);
        sum += share[k];
      }
      for (std::size_t k = 0; k < centres.size(); ++k) weights_[k].at(y, x) = static_cast<float>(share[k] / sum);
    }
  }
}

std::vector<ScalarField> BandpassFilters::decompose(const ScalarField& field) const {
  const Spectrum spectrum = fourier_transform(field);
  std::vector<ScalarField> scales;
  for (const ScalarField& weights : weights_) {
    Spectrum filtered = spectrum;
    for (std::size_t i = 0; i < filtered.values.size(); ++i) filtered.values[i] *= weights.values[i];
    scales.push_back(inverse_fourier_transform(filtered));
  }
  return scales;
}

}  // namespace nextframe
