#pragma once

#include <cstdint>
#include <vector>

namespace nextframe {

/// Places first .. last-1 of a dimension.
struct Range {
  std::int64_t first = 0, last = 0;

  std::int64_t size() const { return last - first; }
};

/// 0 .. length-1 in pieces of `piece`, in order; the last may be shorter. Fails where `piece` is below 1.
std::vector<Range> pieces_of(std::int64_t length, std::int64_t piece);

}  // namespace nextframe
