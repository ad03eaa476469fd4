#include "core/metrics/box_sums.h"

#include <algorithm>
#include <cstddef>

namespace nextframe {

BoxSums::BoxSums(const std::vector<std::int32_t>& values, std::int64_t height, std::int64_t width)
    : height_(height), width_(width), sums_(static_cast<std::size_t>((height + 1) * (width + 1))) {
  for (std::int64_t y = 0; y < height; ++y) {
    std::int64_t row = 0;
    for (std::int64_t x = 0; x < width; ++x) {
      row += values[static_cast<std::size_t>(y * width + x)];
      const std::int64_t above = sums_[static_cast<std::size_t>(y * (width + 1) + x + 1)];
      sums_[static_cast<std::size_t>((y + 1) * (width + 1) + x + 1)] = above + row;
    }
  }
}

std::int64_t BoxSums::around(std::int64_t y, std::int64_t x, std::int64_t side) const {
  const std::int64_t top = std::clamp<std::int64_t>(y - side / 2, 0, height_);
  const std::int64_t bottom = std::clamp<std::int64_t>(y - side / 2 + side, 0, height_);
  const std::int64_t left = std::clamp<std::int64_t>(x - side / 2, 0, width_);
  const std::int64_t right = std::clamp<std::int64_t>(x - side / 2 + side, 0, width_);
  const auto at = [&](std::int64_t row, std::int64_t column) {
    return sums_[static_cast<std::size_t>(row * (width_ + 1) + column)];
  };
  return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
}

}  // namespace nextframe
