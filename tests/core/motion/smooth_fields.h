#pragma once

#include <cmath>
#include <numbers>

#include "core/motion/field.h"

namespace nextframe::test {

/// Waves of several lengths and directions, 0.1..0.9, around any place between pixels.
inline double waves(double x, double y) {
  return 0.5 + 0.2 * std::sin(0.31 * x + 0.12 * y) + 0.12 * std::cos(0.17 * x - 0.26 * y + 1) +
         0.08 * std::sin(0.11 * x + 0.43 * y + 2);
}

/// waves() with its content moved by (dx, dy).
inline ScalarField moved_waves(std::int64_t height, std::int64_t width, double dx, double dy) {
  ScalarField field(height, width);
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      field.at(y, x) = static_cast<float>(waves(static_cast<double>(x) - dx, static_cast<double>(y) - dy));
    }
  }
  return field;
}

/// Turning by `angle` a step around the centre: the exact path is a circle, a step's displacement the chord.
inline MotionField rotation(std::int64_t size, double angle) {
  MotionField motion(size, size);
  const double centre = static_cast<double>(size - 1) / 2;
  for (std::int64_t y = 0; y < size; ++y) {
    for (std::int64_t x = 0; x < size; ++x) {
      motion.u.at(y, x) = static_cast<float>(-angle * (static_cast<double>(y) - centre));
      motion.v.at(y, x) = static_cast<float>(angle * (static_cast<double>(x) - centre));
    }
  }
  return motion;
}

}  // namespace nextframe::test
