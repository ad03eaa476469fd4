#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace nextframe {

/// Numbers on a grid [H,W], rows one after the other. NaN is a pixel without a value.
struct ScalarField {
  static constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<float> values;

  ScalarField() = default;
  ScalarField(std::int64_t rows, std::int64_t columns, float value = 0)
      : height(rows), width(columns), values(static_cast<std::size_t>(rows * columns), value) {}

  float& at(std::int64_t y, std::int64_t x) { return values[static_cast<std::size_t>(y * width + x)]; }
  float at(std::int64_t y, std::int64_t x) const { return values[static_cast<std::size_t>(y * width + x)]; }
  bool same_size(const ScalarField& other) const { return height == other.height && width == other.width; }
};

inline bool is_missing(float value) { return std::isnan(value); }

/// What the numbers of a field are.
enum class FieldKind {
  kRain,     ///< mm/h; 0 is dry
  kPicture,  ///< brightness, 0..1
};

/// Motion or displacement in pixels: what is at (x, y) goes to (x + u, y + v). u and v are of one size and have a value
/// everywhere.
struct MotionField {
  ScalarField u;
  ScalarField v;

  MotionField() = default;
  MotionField(std::int64_t height, std::int64_t width, float du = 0, float dv = 0)
      : u(height, width, du), v(height, width, dv) {}

  std::int64_t height() const { return u.height; }
  std::int64_t width() const { return u.width; }
};

}  // namespace nextframe
