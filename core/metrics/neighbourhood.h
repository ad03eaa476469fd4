#pragma once

#include <cstdint>
#include <vector>

namespace nextframe {

/// Half axes of an ellipse in pixels: a circle on the ground.
struct Reach {
  double rows = 0;
  double columns = 0;
};

/// Shares of events among the pixels around each pixel: what a deterministic forecast says of the probability where it
/// may be a little displaced (Theis et al. 2005, Meteorol. Appl. 12, 257, in space alone).
class Neighbourhood {
 public:
  /// Fields of [height, width]; `mask` (1 = valid) may be null.
  Neighbourhood(const std::uint8_t* mask, std::int64_t height, std::int64_t width, const Reach& reach);

  /// Share of the valid pixels within the reach, the pixel itself among them, whose value is at least `threshold`; 0
  /// where none is valid. `values` has `stride` numbers a pixel, of which the first counts.
  std::vector<float> exceedance(const float* values, std::int64_t stride, double threshold) const;

 private:
  /// Sums over the ellipse around each pixel of [H,W] values.
  std::vector<std::int32_t> sums(const std::vector<std::uint8_t>& counted) const;

  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::int64_t> half_widths_;  ///< of the ellipse's rows from its middle on
  std::vector<std::uint8_t> valid_;        ///< empty: all
  std::vector<std::int32_t> known_;        ///< valid pixels within the reach
};

}  // namespace nextframe
