#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>

#include "core/tensor/tensor.h"

namespace nextframe::cpu {

/// Gives out blocks of memory and keeps those that come back, so that a training step, which asks for the same sizes each
/// time, neither maps nor faults pages. Large blocks lie on huge pages where the system offers them. Blocks may outlive the
/// pool's owner; they then go back to the system.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  static std::shared_ptr<MemoryPool> create() { return std::shared_ptr<MemoryPool>(new MemoryPool()); }
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool();

  /// A block of at least `bytes`, aligned to a cache line or better, its contents undefined.
  std::shared_ptr<Buffer> allocate(std::size_t bytes);
  /// Most bytes ever given out at once.
  std::size_t peak_bytes() const;
  /// Bytes given out now.
  std::size_t live_bytes() const;

 private:
  class Block;
  MemoryPool() = default;
  void give_back(void* data, std::size_t capacity) noexcept;
  void trim(std::size_t keep_bytes) noexcept;

  mutable std::mutex mutex_;
  std::multimap<std::size_t, void*> free_;
  std::size_t free_bytes_ = 0;
  std::size_t live_bytes_ = 0;
  std::size_t peak_bytes_ = 0;
};

}  // namespace nextframe::cpu
