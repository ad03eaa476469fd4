#pragma once

#include <cstdint>
#include <string>

#include "core/frames/frame.h"
#include "core/render/picture.h"
#include "core/render/plot.h"

namespace nextframe {

struct RainMapOptions {
  std::string title = {};        ///< a line above: what it is, and when it is valid
  std::int64_t most_side = 640;  ///< larger fields are made smaller, small ones enlarged by a whole factor
};

/// A field of rain rates (mm/h, the first channel) in rain colours, missing pixels grey, with a legend in mm/h below.
Picture draw_rain_map(const Frame& rates, const RainMapOptions& options);

/// A map on the left, a figure as high as the map on the right.
Picture draw_beside(const Picture& map, Figure figure);

}  // namespace nextframe
