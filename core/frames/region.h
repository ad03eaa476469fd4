#pragma once

#include <cstdint>

namespace nextframe {

/// A rectangle of a frame.
struct Region {
  std::int64_t top = 0, left = 0, height = 0, width = 0;
};

}  // namespace nextframe
