#pragma once

#include <array>
#include <string>

namespace nextframe {

/// Where a frame's pixels lie on the ground.
struct GeoReference {
  std::string projection;         ///< a coordinate system as WKT; empty: not known
  std::array<double, 6> transform{///< GDAL's: x of the left edge, metres a column, 0, y of the upper edge, 0, metres
                                  0, 1, 0, 0, 0, -1};  ///< a row (negative: north is up); in the projection's units

  bool known() const { return !projection.empty(); }
  bool operator==(const GeoReference&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("projection", projection, {.doc = "coordinate system as WKT; empty = not known"});
    v.field("transform", transform,
            {.doc = "x of the left edge, width of a pixel, 0, y of the upper edge, 0, -height"});
  }
};

}  // namespace nextframe
