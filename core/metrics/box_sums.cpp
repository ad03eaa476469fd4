#include "core/metrics/box_sums.h"

namespace nextframe {

BoxSums::BoxSums(const std::vector<std::int32_t>& values, std::int64_t height, std::int64_t width)
    : height_(height), width_(width), sums_(static_cast<std::size_t>((height + 1) * (width + 1))) {
  for (std::int64_t y = 0; y < height; ++y) {
    std::int32_t row = 0;
    for (std::int64_t x = 0; x < width; ++x) {
      row += values[static_cast<std::size_t>(y * width + x)];
      const std::int32_t above = sums_[static_cast<std::size_t>(y * (width + 1) + x + 1)];
      sums_[static_cast<std::size_t>((y + 1) * (width + 1) + x + 1)] = above + row;
    }
  }
}

}  // namespace nextframe
