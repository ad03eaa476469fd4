#include "core/backend/cpu/memory_pool.h"

#include <algorithm>
#include <cstdlib>

#include "core/base/error.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace nextframe::cpu {

namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kHugePage = std::size_t{2} << 20;
/// Blocks from this size on start on a huge page; smaller ones would waste too much of it.
constexpr std::size_t kHugeFrom = std::size_t{4} << 20;

std::size_t rounded(std::size_t bytes) {
  const std::size_t unit = bytes < kPage ? kCacheLine : kPage;
  return std::max(unit, (bytes + unit - 1) / unit * unit);
}

void* allocate_from_system(std::size_t capacity) {
  const bool huge = capacity >= kHugeFrom;
  void* data = nullptr;
  if (posix_memalign(&data, huge ? kHugePage : kCacheLine, capacity) != 0) {
    fail("[memory] {} MiB more were asked for and the system has none left; expected enough memory for this batch and size. "
         "Try a smaller batch or a smaller frame.",
         capacity >> 20);
  }
#if defined(__linux__)
  if (huge) madvise(data, capacity, MADV_HUGEPAGE);
#endif
  return data;
}

}  // namespace

class MemoryPool::Block : public Buffer {
 public:
  Block(std::shared_ptr<MemoryPool> pool, void* data, std::size_t bytes, std::size_t capacity)
      : pool_(std::move(pool)), data_(data), bytes_(bytes), capacity_(capacity) {}
  ~Block() override { pool_->give_back(data_, capacity_); }

  void* data() const override { return data_; }
  std::size_t bytes() const override { return bytes_; }

 private:
  std::shared_ptr<MemoryPool> pool_;
  void* data_;
  std::size_t bytes_;
  std::size_t capacity_;
};

MemoryPool::~MemoryPool() { trim(0); }

std::shared_ptr<Buffer> MemoryPool::allocate(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  std::size_t capacity = rounded(bytes);
  void* data = nullptr;
  // A little larger will do; much larger would hide memory from the plan.
  const auto found = free_.lower_bound(capacity);
  if (found != free_.end() && found->first <= capacity + capacity / 8) {
    capacity = found->first;
    data = found->second;
    free_bytes_ -= capacity;
    free_.erase(found);
  } else {
    // What lies idle came from other sizes: keep some of it, for two sizes that alternate, but never let it pile up.
    trim(live_bytes_ / 8);
    data = allocate_from_system(capacity);
  }
  live_bytes_ += capacity;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  return std::make_shared<Block>(shared_from_this(), data, bytes, capacity);
}

std::size_t MemoryPool::peak_bytes() const {
  const std::lock_guard lock(mutex_);
  return peak_bytes_;
}

std::size_t MemoryPool::live_bytes() const {
  const std::lock_guard lock(mutex_);
  return live_bytes_;
}

void MemoryPool::give_back(void* data, std::size_t capacity) noexcept {
  const std::lock_guard lock(mutex_);
  live_bytes_ -= capacity;
  try {
    free_.emplace(capacity, data);
    free_bytes_ += capacity;
  } catch (...) {  // no memory for the list's own entry
    std::free(data);
  }
}

void MemoryPool::trim(std::size_t keep_bytes) noexcept {
  while (free_bytes_ > keep_bytes && !free_.empty()) {
    const auto largest = std::prev(free_.end());
    free_bytes_ -= largest->first;
    std::free(largest->second);
    free_.erase(largest);
  }
}

}  // namespace nextframe::cpu
