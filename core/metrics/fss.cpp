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
      : threshold_(threshold), window_(window), rows_(static_cast<std::size_t>(horizon)) {}

  void add(std::int64_t lead, const FramePair& pair) override {
    Row& row = rows_.at(static_cast<std::size_t>(lead));
    std::int64_t pixels = 0;
    for (std::int64_t channel = 0; channel < pair.channels; ++channel) pixels += add_channel(row, pair, channel);
    ++(pixels > 0 ? row.frames : row.left_out);
  }

  std::vector<Score> per_lead() const override {
    std::vector<Score> scores;
    for (const Row& row : rows_) {
      Score score{std::nullopt, row.frames, row.left_out};
      if (row.undefined) {
        score.value = std::numeric_limits<double>::quiet_NaN();
      } else if (row.squares > 0) {
        score.value = 1 - row.differences / row.squares;
      }
      scores.push_back(score);
    }
    return scores;
  }

 private:
  struct Row {
    double differences = 0;  ///< sum of (forecast's fraction - truth's)^2
    double squares = 0;      ///< sum of both fractions' squares
    bool undefined = false;
    std::int64_t frames = 0;
    std::int64_t left_out = 0;
  };

  std::int64_t add_channel(Row& row, const FramePair& pair, std::int64_t channel) const {
    const Events events = events_of(pair, channel, threshold_);
    row.undefined = row.undefined || events.undefined;
    const BoxSums forecast(events.forecast, pair.height, pair.width);
    const BoxSums truth(events.truth, pair.height, pair.width);
    const double share = 1 / static_cast<double>(window_ * window_);
    std::int64_t pixels = 0;
    for (std::int64_t y = 0; y < pair.height; ++y) {
      for (std::int64_t x = 0; x < pair.width; ++x) {
        if (pair.mask != nullptr && pair.mask[y * pair.width + x] == 0) continue;
        const double f = share * static_cast<double>(forecast.around(y, x, window_));
        const double o = share * static_cast<double>(truth.around(y, x, window_));
        row.differences += (f - o) * (f - o);
        row.squares += f * f + o * o;
        ++pixels;
      }
    }
    return pixels;
  }

  double threshold_;
  std::int64_t window_;
  std::vector<Row> rows_;
};

}  // namespace

std::unique_ptr<Metric> make_fss(std::int64_t horizon, double threshold, std::int64_t window) {
  return std::make_unique<FractionsSkillScore>(horizon, threshold, window);
}

}  // namespace nextframe
