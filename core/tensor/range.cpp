#include "core/tensor/range.h"

#include <algorithm>

#include "core/base/error.h"

namespace nextframe {

std::vector<Range> pieces_of(std::int64_t length, std::int64_t piece) {
  if (piece < 1) fail("[tensor] got pieces of {}, expected at least 1", piece);
  std::vector<Range> pieces;
  for (std::int64_t first = 0; first < length; first += std::min(piece, length - first)) {
    pieces.push_back({.first = first, .last = first + std::min(piece, length - first)});
  }
  return pieces;
}

}  // namespace nextframe
