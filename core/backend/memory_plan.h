#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/backend/memory_trace.h"

namespace nextframe {

/// Where each block of a piece of work lies in one arena. Made before the work runs for the first time; a backend then
/// serves the k-th block that the work asks for from the k-th place.
struct MemoryPlan {
  struct Place {
    std::size_t offset = 0;
    std::size_t bytes = 0;
  };

  std::vector<Place> places;   ///< in order of allocation
  std::size_t bytes = 0;       ///< of the arena
  std::size_t peak_bytes = 0;  ///< most in use at once: no arena can be smaller
};

/// From when to when a block is needed, `last` excluded.
struct MemoryLifetime {
  std::size_t bytes = 0;
  MemoryTrace::Moment first = 0, last = 0;
};

/// Gives blocks whose lifetimes touch places that do not: one block after the other into the smallest gap that its
/// contemporaries leave (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference", greedy by
/// size), in three orders, largest first, longest first and largest product first, of which the best is taken. On the
/// reference networks the arena is as large as the peak; a pool that takes the best fitting free piece as requests come
/// needs 4 to 12 % more there. Time grows with the square of the number of blocks.
MemoryPlan plan_memory(std::span<const MemoryLifetime> blocks);

/// The plan of what was asked for from `from` on, but for the copies that a backend keeps: those outlive the work.
MemoryPlan plan_memory(const MemoryTrace& trace, MemoryTrace::Moment from);

}  // namespace nextframe
