#pragma once

#include <cstdint>
#include <vector>

#include "core/frames/augmentation.h"

namespace nextframe {

/// Where in a whole frame a picture comes from, and how it was turned since.
struct FramePlace {
  std::int64_t top = 0, left = 0;
  std::int64_t frame_height = 0, frame_width = 0;  ///< of the whole frame
  Symmetry symmetry{};
};

/// Of each pixel of a picture [H,W] from `place`, x and y in the whole frame [H,W,2]: -1 at the centre of its first column or
/// row, 1 at that of its last, 0 where there is but one. They turn with the picture, so that a pixel keeps its own.
std::vector<float> coordinates_of(const FramePlace& place, std::int64_t height, std::int64_t width);

}  // namespace nextframe
