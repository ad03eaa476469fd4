#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/metrics/metric.h"

namespace nextframe {

/// One class of forecast frequencies.
struct ReliabilityBin {
  std::int64_t count = 0;     ///< pixels for which such a frequency was forecast
  double forecast_sum = 0;    ///< of the frequencies
  std::int64_t observed = 0;  ///< of those pixels, the ones where the event came

  /// Meaningless without a count.
  double forecast_frequency() const { return forecast_sum / static_cast<double>(count); }
  double observed_frequency() const { return static_cast<double>(observed) / static_cast<double>(count); }
};

/// How often an event came where its frequency in the forecast's surroundings was that high: the share of valid pixels
/// of a window around each pixel at which at least the threshold was forecast, in eleven classes around 0, 0.1, ..., 1.
/// A forecast is reliable where both are equal.
class Reliability {
 public:
  static constexpr std::size_t kBins = 11;
  using Bins = std::array<ReliabilityBin, kBins>;

  Reliability(std::int64_t horizon, double threshold, std::int64_t window)
      : threshold_(threshold), window_(window), rows_(static_cast<std::size_t>(horizon)) {}

  double threshold() const { return threshold_; }
  std::int64_t window() const { return window_; }
  void add(std::int64_t lead, const FramePair& pair);
  const std::vector<Bins>& per_lead() const { return rows_; }
  /// All lead times together.
  Bins total() const;

 private:
  double threshold_;
  std::int64_t window_;
  std::vector<Bins> rows_;
};

}  // namespace nextframe
