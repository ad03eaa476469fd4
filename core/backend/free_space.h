#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>

namespace nextframe {

/// The free pieces of a stretch of addresses. What comes back merges with its free neighbours.
class FreeSpace {
 public:
  using Address = std::uintptr_t;

  /// Adds `bytes` from `begin` on, or gives them back.
  void give(Address begin, std::size_t bytes);
  /// The start of the smallest free piece that holds `bytes`, the lowest among equals, or nothing.
  std::optional<Address> take(std::size_t bytes);
  /// Takes exactly these; false, and nothing taken, where a part of them is in use.
  bool take_at(Address begin, std::size_t bytes);

 private:
  using Pieces = std::map<Address, std::size_t>;
  void cut(Pieces::iterator piece, Address begin, std::size_t bytes);

  Pieces pieces_;
};

}  // namespace nextframe
