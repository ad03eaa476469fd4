#pragma once

#include <cstdint>

#include "core/frames/frame.h"
#include "core/frames/frame_source.h"

namespace nextframe {

/// How a frame's values become stored integers: value * scale + offset, rounded and clipped to 0..maximum.
struct IntegerMapping {
  double scale = 1;
  double offset = 0;
  double maximum = 255;
};

/// Identity when the source stores the same type, otherwise low..high over the whole type. `stored` is no float type.
IntegerMapping integer_mapping(PixelType source, double low, double high, PixelType stored);

/// One value; NaN becomes 0.
inline double to_integer(float value, const IntegerMapping& mapping) {
  const double mapped = static_cast<double>(value) * mapping.scale + mapping.offset + 0.5;
  if (!(mapped > 0)) return 0;
  if (mapped >= mapping.maximum + 1) return mapping.maximum;
  return static_cast<double>(static_cast<std::int64_t>(mapped));
}

}  // namespace nextframe
