#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/backend/free_space.h"
#include "core/backend/memory_plan.h"
#include "core/backend/memory_trace.h"
#include "core/tensor/tensor.h"

namespace nextframe::cpu {

/// Gives out memory from one large reservation of address space, of which only what is touched costs memory, and merges
/// what comes back with its free neighbours: a training step, which asks for the same sizes each time, maps nothing and
/// faults no pages after the first one (page faults took a fifth of a step), and memory of one size serves another.
/// Work with a plan gets its memory from an arena as large as the plan says, each block at its place; what departs from
/// the plan gets the best fitting free piece, of the arena if it can. Blocks may outlive the pool's owner.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  /// With a trace the pool takes no memory: what it gives out cannot be touched, and is recorded there.
  static std::shared_ptr<MemoryPool> create(std::shared_ptr<MemoryTrace> trace = nullptr);
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool();

  /// A block of `bytes`, aligned to a cache line, its contents undefined.
  std::shared_ptr<Buffer> allocate(std::size_t bytes, MemoryUse use);
  /// Blocks asked for until end_plan() are those of `plan`, in its order, but for MemoryUse::kCopy. Without a plan they get
  /// the best fitting free pieces of the arena that an earlier plan has left.
  void begin_plan(std::shared_ptr<const MemoryPlan> plan);
  void end_plan();

  /// Most bytes ever given out at once.
  std::size_t peak_bytes() const;
  /// Bytes given out now.
  std::size_t live_bytes() const;
  /// Blocks that were asked for within a plan and did not get their place.
  std::int64_t departures() const;

 private:
  class Block;
  struct Region {
    char* data = nullptr;
    std::size_t bytes = 0;
    std::size_t touched = 0;  ///< from its start to the end of the highest block ever given out

    bool holds(const char* address) const { return address >= data && address < data + bytes; }
  };

  explicit MemoryPool(std::shared_ptr<MemoryTrace> trace) : trace_(std::move(trace)) {}
  char* take(std::size_t capacity);
  char* take_planned(std::size_t capacity);
  void add_region(std::size_t bytes);
  void resize_arena(std::size_t bytes);
  void release(const Region& region);
  void give_back(char* data, std::size_t capacity) noexcept;

  const std::shared_ptr<MemoryTrace> trace_;
  mutable std::mutex mutex_;
  std::vector<Region> regions_;
  FreeSpace free_;
  Region arena_;
  FreeSpace arena_free_;
  std::size_t arena_blocks_ = 0;  ///< of the arena in use
  bool working_ = false;          ///< between begin_plan() and end_plan()
  std::shared_ptr<const MemoryPlan> plan_;
  std::size_t next_place_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
  std::int64_t departures_ = 0;
};

}  // namespace nextframe::cpu
