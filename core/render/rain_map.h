#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/render/picture.h"
#include "core/render/plot.h"

namespace nextframe {

struct RainMapOptions {
  std::string title = {};        ///< a line above: what it is, and when it is valid
  std::int64_t most_side = 640;  ///< larger fields are made smaller, small ones enlarged by a whole factor
};

/// A field of rain rates (mm/h, the first channel) in rain colours, missing pixels grey, with a legend in mm/h below.
/// Fields of one size make maps of one size: a title that is too long is cut.
Picture draw_rain_map(const Frame& rates, const RainMapOptions& options);

/// A field of shares from 0 to 1 (the first channel) the same way, dark for none.
Picture draw_share_map(const Frame& shares, const RainMapOptions& options);

/// Maps beside each other, each below its title: rates (mm/h) of the first channel, shares of the others.
Picture draw_rain_maps(const Frame& layers, const std::vector<std::string>& titles);

/// A map on the left, a figure as high as the map on the right.
Picture draw_beside(const Picture& map, Figure figure);

}  // namespace nextframe
