#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/render/picture.h"
#include "core/render/plot.h"

namespace nextframe {

/// The colour of a rain rate in mm/h: a class each from 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50 and 100 mm/h on, white below.
Rgb rain_colour(double rate);

struct RainMapOptions {
  std::string title = {};        ///< a line above: what it is, and when it is valid
  std::int64_t most_side = 640;  ///< larger fields are made smaller, small ones enlarged by a whole factor
};

/// A field of rain rates (mm/h, one channel) in rain colours, missing pixels grey, with a legend in mm/h on its right.
Picture draw_rain_map(const Frame& rates, const RainMapOptions& options);

/// A map on the left, a figure on the right.
Picture draw_rain_overview(const Picture& map, Figure figure);

}  // namespace nextframe
