#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "core/metrics/box_sums.h"
#include "core/metrics/metric_table.h"

namespace nextframe {
namespace {

/// Events of one channel, 0 where masked: [H,W].
struct Events {
  std::vector<std::int32_t> forecast, truth;
  bool undefined = false;
};

Events events_of(const FramePair& pair, std::int64_t channel, double threshold) {
  Events events;
  const auto area = static_cast<std::size_t>(pair.height * pair.width);
  events.forecast.resize(area);
  events.truth.resize(area);
  for (std::size_t pixel = 0; pixel < area; ++pixel) {
    if (pair.mask != nullptr && pair.mask[pixel] == 0) continue;
    const std::size_t i = pixel * static_cast<std::size_t>(pair.channels) + static_cast<std::size_t>(channel);
    events.forecast[pixel] = static_cast<double>(pair.forecast[i]) >= threshold ? 1 : 0;
    events.truth[pixel] = static_cast<double>(pair.truth[i]) >= threshold ? 1 : 0;
    events.undefined = events.undefined || !std::isfinite(pair.forecast[i]) || !std::isfinite(pair.truth[i]);
  }
  return events;
}

/// Roberts and Lean 2008, Mon. Weather Rev. 136, 78.
class FractionsSkillScore final : public Metric {
 public:
  FractionsSkillScore(std::int64_t horizon, double threshold, std::int64_t window)
      : Metric(horizon, 3), threshold_(threshold), window_(window) {}

  Score score_of(const Sums& sums) const override {
    const double differences = sums.values[kDifferences], squares = sums.values[kSquares];
    Score score{std::nullopt, sums.frames, sums.left_out};
    if (sums.values[kUndefined] > 0) {
      score.value = std::numeric_limits<double>::quiet_NaN();
    } else if (squares > 0) {
      score.value = 1 - differences / squares;
    }
    return score;
  }

 private:
  enum Place : std::size_t {
    kDifferences,  ///< sum of (forecast's fraction - truth's)^2
    kSquares,      ///< sum of both fractions' squares
    kUndefined,    ///< channels in which a value was not a number
  };

  Sums measure(std::int64_t, const FramePair& pair) override {
    Sums sums;
    std::int64_t pixels = 0;
    for (std::int64_t channel = 0; channel < pair.channels; ++channel) pixels += add_channel(sums, pair, channel);
    ++(pixels > 0 ? sums.frames : sums.left_out);
    return sums;
  }

  std::int64_t add_channel(Sums& sums, const FramePair& pair, std::int64_t channel) const {
    const Events events = events_of(pair, channel, threshold_);
    if (events.undefined) sums.values[kUndefined] += 1;
    const BoxSums forecast(events.forecast, pair.height, pair.width);
    const BoxSums truth(events.truth, pair.height, pair.width);
    const double share = 1 / static_cast<double>(window_ * window_);
    std::int64_t pixels = 0;
    for (std::int64_t y = 0; y < pair.height; ++y) {
      for (std::int64_t x = 0; x < pair.width; ++x) {
        if (pair.mask != nullptr && pair.mask[y * pair.width + x] == 0) continue;
        const double f = share * static_cast<double>(forecast.around(y, x, window_));
        const double o = share * static_cast<double>(truth.around(y, x, window_));
        sums.values[kDifferences] += (f - o) * (f - o);
        sums.values[kSquares] += f * f + o * o;
        ++pixels;
      }
    }
    return pixels;
  }

  double threshold_;
  std::int64_t window_;
};

}  // namespace

std::unique_ptr<Metric> make_fss(std::int64_t horizon, double threshold, std::int64_t window) {
  return std::make_unique<FractionsSkillScore>(horizon, threshold, window);
}

}  // namespace nextframe
