#include "core/frames/frame_place.h"

#include <utility>

namespace nextframe {
namespace {

float coordinate(std::int64_t pixel, std::int64_t length) {
  if (length < 2) return 0;
  return static_cast<float>(2 * static_cast<double>(pixel) / static_cast<double>(length - 1) - 1);
}

}  // namespace

std::vector<float> coordinates_of(const FramePlace& place, std::int64_t height, std::int64_t width) {
  // Before it was turned the picture may have lain on its side.
  if (place.symmetry.quarter_turns % 2 != 0) std::swap(height, width);
  std::vector<float> upright;
  upright.reserve(static_cast<std::size_t>(2 * height * width));
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      upright.push_back(coordinate(place.left + x, place.frame_width));
      upright.push_back(coordinate(place.top + y, place.frame_height));
    }
  }
  if (place.symmetry.identity()) return upright;
  std::vector<float> turned(upright.size());
  transform(place.symmetry, height, width, 2, upright.data(), turned.data());
  return turned;
}

}  // namespace nextframe
