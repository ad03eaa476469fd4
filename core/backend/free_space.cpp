#include "core/backend/free_space.h"

#include <iterator>

namespace nextframe {

void FreeSpace::give(Address begin, std::size_t bytes) {
  if (bytes == 0) return;
  auto next = pieces_.lower_bound(begin);
  if (next != pieces_.end() && begin + bytes == next->first) {
    bytes += next->second;
    next = pieces_.erase(next);
  }
  if (next != pieces_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == begin) {
      previous->second += bytes;
      return;
    }
  }
  pieces_.emplace_hint(next, begin, bytes);
}

std::optional<FreeSpace::Address> FreeSpace::take(std::size_t bytes) {
  auto best = pieces_.end();
  for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece) {
    if (piece->second >= bytes && (best == pieces_.end() || piece->second < best->second)) best = piece;
  }
  if (best == pieces_.end()) return std::nullopt;
  const Address begin = best->first;
  cut(best, begin, bytes);
  return begin;
}

bool FreeSpace::take_at(Address begin, std::size_t bytes) {
  auto piece = pieces_.upper_bound(begin);
  if (piece == pieces_.begin()) return false;
  --piece;
  if (piece->first + piece->second < begin + bytes) return false;
  cut(piece, begin, bytes);
  return true;
}

void FreeSpace::cut(Pieces::iterator piece, Address begin, std::size_t bytes) {
  const Address end = piece->first + piece->second;
  const Address rest = begin + bytes;
  if (rest < end) pieces_.emplace_hint(std::next(piece), rest, end - rest);
  if (begin > piece->first) {
    piece->second = begin - piece->first;
  } else {
    pieces_.erase(piece);
  }
}

}  // namespace nextframe
