#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/radar/time_format.h"

namespace nextframe {

/// One picture in its source's own units (8 bit: 0..255, 16 bit: 0..65535, float: as stored), channels last; colour is
/// red, green, blue in this order everywhere in the project.
struct Frame {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  std::vector<float> pixels;       ///< [H,W,C]
  std::vector<std::uint8_t> mask;  ///< [H,W], 1 = valid, 0 = missing; empty = every pixel is valid
  double seconds = 0;              ///< time since the first frame; negative where the source does not know it
  std::string name = {};           ///< the frame's own name (an image's file name); may be empty
  UtcSeconds time = kNoTime;       ///< when it is valid: the end of its interval; kNoTime where the source has no clock
  std::string problem = {};        ///< why there is nothing but missing pixels: no file, or none that can be read

  std::int64_t area() const { return height * width; }
  std::size_t elements() const { return static_cast<std::size_t>(height * width * channels); }
};

}  // namespace nextframe
