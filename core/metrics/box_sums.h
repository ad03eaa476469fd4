#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nextframe {

/// Sums of counts over squares, each in constant time. The sum of all fits 32 bits.
class BoxSums {
 public:
  /// `values` is [H,W].
  BoxSums(const std::vector<std::int32_t>& values, std::int64_t height, std::int64_t width);

  /// Over the square of `side` pixels around (y, x); one of an even side reaches one pixel further up and left. What
  /// lies outside the field counts as 0.
  std::int64_t around(std::int64_t y, std::int64_t x, std::int64_t side) const {
    const std::int64_t top = inside(y - side / 2, height_), bottom = inside(y - side / 2 + side, height_);
    const std::int64_t left = inside(x - side / 2, width_), right = inside(x - side / 2 + side, width_);
    return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
  }

 private:
  static std::int64_t inside(std::int64_t place, std::int64_t length) {
    return std::clamp<std::int64_t>(place, 0, length);
  }
  std::int32_t at(std::int64_t row, std::int64_t column) const {
    return sums_[static_cast<std::size_t>(row * (width_ + 1) + column)];
  }

  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::int32_t> sums_;  ///< [H+1,W+1], of everything above and left
};

}  // namespace nextframe
