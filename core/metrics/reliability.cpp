#include "core/metrics/reliability.h"

#include <cmath>

#include "core/metrics/box_sums.h"

namespace nextframe {

void Reliability::add(std::int64_t lead, const FramePair& pair) {
  Bins& bins = rows_.at(static_cast<std::size_t>(lead));
  const auto area = static_cast<std::size_t>(pair.height * pair.width);
  std::vector<std::int32_t> valid(area, 1);
  for (std::size_t p = 0; p < area && pair.mask != nullptr; ++p) valid[p] = pair.mask[p] != 0 ? 1 : 0;
  const BoxSums known(valid, pair.height, pair.width);
  std::vector<std::int32_t> events(area);
  for (std::int64_t channel = 0; channel < pair.channels; ++channel) {
    const auto value = [&](const float* frame, std::size_t pixel) {
      return static_cast<double>(frame[static_cast<std::int64_t>(pixel) * pair.channels + channel]);
    };
    for (std::size_t p = 0; p < area; ++p) events[p] = valid[p] != 0 && value(pair.forecast, p) >= threshold_ ? 1 : 0;
    const BoxSums forecast(events, pair.height, pair.width);
    for (std::size_t p = 0; p < area; ++p) {
      if (valid[p] == 0) continue;
      const std::int64_t y = static_cast<std::int64_t>(p) / pair.width, x = static_cast<std::int64_t>(p) % pair.width;
      const double frequency =
          static_cast<double>(forecast.around(y, x, window_)) / static_cast<double>(known.around(y, x, window_));
      ReliabilityBin& bin = bins[static_cast<std::size_t>(std::lround(frequency * (kBins - 1)))];
      ++bin.count;
      bin.forecast_sum += frequency;
      if (value(pair.truth, p) >= threshold_) ++bin.observed;
    }
  }
}

Reliability::Bins Reliability::total() const {
  Bins total{};
  for (const Bins& row : rows_) {
    for (std::size_t i = 0; i < kBins; ++i) {
      total[i].count += row[i].count;
      total[i].forecast_sum += row[i].forecast_sum;
      total[i].observed += row[i].observed;
    }
  }
  return total;
}

}  // namespace nextframe
