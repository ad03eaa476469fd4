#include "core/metrics/neighbourhood.h"

#include <algorithm>
#include <cmath>

namespace nextframe {

Neighbourhood::Neighbourhood(const std::uint8_t* mask, std::int64_t height, std::int64_t width, const Reach& reach)
    : height_(height), width_(width) {
  const auto rows = std::min(height, static_cast<std::int64_t>(std::max(0.0, reach.rows)));
  for (std::int64_t dy = 0; dy <= rows; ++dy) {
    const double share = dy == 0 ? 0 : static_cast<double>(dy) / reach.rows;
    const double half = std::max(0.0, reach.columns) * std::sqrt(std::max(0.0, 1 - share * share));
    half_widths_.push_back(static_cast<std::int64_t>(std::min(half, static_cast<double>(width))));
  }
  const auto area = static_cast<std::size_t>(height * width);
  if (mask != nullptr) valid_.assign(mask, mask + area);
  known_ = sums(mask != nullptr ? valid_ : std::vector<std::uint8_t>(area, 1));
}

std::vector<float> Neighbourhood::exceedance(const float* values, std::int64_t stride, double threshold) const {
  std::vector<std::uint8_t> events(known_.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool valid = valid_.empty() || valid_[i] != 0;
    events[i] = valid && static_cast<double>(values[i * static_cast<std::size_t>(stride)]) >= threshold ? 1 : 0;
  }
  const std::vector<std::int32_t> counts = sums(events);
  std::vector<float> shares(counts.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (known_[i] > 0) shares[i] = static_cast<float>(counts[i]) / static_cast<float>(known_[i]);
  }
  return shares;
}

std::vector<std::int32_t> Neighbourhood::sums(const std::vector<std::uint8_t>& counted) const {
  std::vector<std::int32_t> result(counted.size(), 0), before(static_cast<std::size_t>(width_ + 1), 0);
  const auto rows = static_cast<std::int64_t>(half_widths_.size()) - 1;
  for (std::int64_t from = 0; from < height_; ++from) {
    for (std::int64_t x = 0; x < width_; ++x) {
      before[static_cast<std::size_t>(x + 1)] =
          before[static_cast<std::size_t>(x)] + counted[static_cast<std::size_t>(from * width_ + x)];
    }
    for (std::int64_t y = std::max<std::int64_t>(0, from - rows); y <= std::min(height_ - 1, from + rows); ++y) {
      const std::int64_t half = half_widths_[static_cast<std::size_t>(std::abs(y - from))];
      std::int32_t* row = result.data() + y * width_;
      for (std::int64_t x = 0; x < width_; ++x) {
        const auto left = static_cast<std::size_t>(std::max<std::int64_t>(0, x - half));
        const auto right = static_cast<std::size_t>(std::min(width_, x + half + 1));
        row[x] += before[right] - before[left];
      }
    }
  }
  return result;
}

}  // namespace nextframe
