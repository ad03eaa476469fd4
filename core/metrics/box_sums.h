#pragma once

#include <cstdint>
#include <vector>

namespace nextframe {

/// Sums of a field over squares, each in constant time.
class BoxSums {
 public:
  /// `values` is [H,W].
  BoxSums(const std::vector<std::int32_t>& values, std::int64_t height, std::int64_t width);

  /// Over the square of `side` pixels around (y, x); one of an even side reaches one pixel further up and left. What
  /// lies outside the field counts as 0.
  std::int64_t around(std::int64_t y, std::int64_t x, std::int64_t side) const;

 private:
  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::int64_t> sums_;  ///< [H+1,W+1], of everything above and left
};

}  // namespace nextframe
