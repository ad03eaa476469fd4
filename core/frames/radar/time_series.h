#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/frames/radar/time_format.h"

namespace nextframe {

/// Something with a time: a file, or a field of a file.
struct TimedItem {
  UtcSeconds time = kNoTime;
  std::string name;
};

/// Items in the order of time, at most one a step.
struct TimeSeries {
  std::int64_t step = 0;           ///< seconds; 0 where there is but one item
  std::vector<std::size_t> items;  ///< places in the list given, in order
  std::vector<std::string> notes;  ///< for people: which were left out, and why
};

/// The step is `step` where it is above 0, else the most frequent distance of two neighbours. Of several items of one
/// time the first by name stays; items more than a quarter of a step off the raster of all others are left out.
TimeSeries series_of(std::span<const TimedItem> items, std::int64_t step);

/// Steps from one time to a later one, to the nearest whole number.
std::int64_t steps_between(UtcSeconds from, UtcSeconds to, std::int64_t step);

}  // namespace nextframe
