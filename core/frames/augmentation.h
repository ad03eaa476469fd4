#pragma once

#include <cstdint>
#include <vector>

#include "core/base/random.h"
#include "core/frames/options.h"

namespace nextframe {

/// A turn and a mirroring of pictures that a whole sequence shares.
struct Symmetry {
  bool flip_horizontal = false;
  bool flip_vertical = false;
  std::int64_t quarter_turns = 0;  ///< counter-clockwise, after the flips; odd ones need square pictures

  bool identity() const { return !flip_horizontal && !flip_vertical && quarter_turns == 0; }
};

/// What `augment` allows, each at random; pictures that are not square get half turns only.
Symmetry draw_symmetry(const std::vector<Augmentation>& augment, bool square, Random& random);

/// One picture [H,W,C] of any element type, from `source` to `target`.
template <class T>
void transform(const Symmetry& symmetry, std::int64_t height, std::int64_t width, std::int64_t channels,
               const T* source, T* target) {
  const bool odd = symmetry.quarter_turns % 2 != 0;
  const std::int64_t out_height = odd ? width : height, out_width = odd ? height : width;
  for (std::int64_t y = 0; y < out_height; ++y) {
    for (std::int64_t x = 0; x < out_width; ++x) {
      std::int64_t row = y, column = x;
      switch (symmetry.quarter_turns % 4) {
        case 1:
          row = x, column = width - 1 - y;
          break;
        case 2:
          row = height - 1 - y, column = width - 1 - x;
          break;
        case 3:
          row = height - 1 - x, column = y;
          break;
        default:
          break;
      }
      if (symmetry.flip_vertical) row = height - 1 - row;
      if (symmetry.flip_horizontal) column = width - 1 - column;
      const T* from = source + (row * width + column) * channels;
      for (std::int64_t c = 0; c < channels; ++c) *target++ = from[c];
    }
  }
}

}  // namespace nextframe
