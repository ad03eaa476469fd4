#include "core/backend/cpu/memory_pool.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "core/base/error.h"

#if defined(__unix__)
#include <sys/mman.h>
#include <unistd.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace nextframe::cpu {

namespace {

constexpr std::size_t kCacheLine = 64;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t rounded_up(std::size_t bytes, std::size_t unit) { return std::max(unit, (bytes + unit - 1) / unit * unit); }

#if defined(__SANITIZE_ADDRESS__)
/// The address sanitizer sees one allocation in a region: it is told of each block, and of a strip behind it.
constexpr std::size_t kStrip = kCacheLine;
void forbid(char* data, std::size_t bytes) { ASAN_POISON_MEMORY_REGION(data, bytes); }
void allow(char* data, std::size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(data, bytes); }
#else
constexpr std::size_t kStrip = 0;
void forbid(char*, std::size_t) {}
void allow(char*, std::size_t) {}
#endif

#if defined(__unix__)

/// Address space that takes no memory until it is touched.
char* reserve(std::size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<char*>(data);
}

void release(char* data, std::size_t bytes) { munmap(data, bytes); }

std::size_t machine_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

#else

char* reserve(std::size_t bytes) {
  return static_cast<char*>(::operator new(bytes, std::align_val_t(kHugePage), std::nothrow));
}

void release(char* data, std::size_t) { ::operator delete(data, std::align_val_t(kHugePage)); }

std::size_t machine_bytes() { return std::size_t{256} << 20; }

#endif

}  // namespace

class MemoryPool::Block : public Buffer {
 public:
  Block(std::shared_ptr<MemoryPool> pool, char* data, std::size_t bytes, std::size_t capacity)
      : pool_(std::move(pool)), data_(data), bytes_(bytes), capacity_(capacity) {}
  ~Block() override { pool_->give_back(data_, capacity_); }

  void* data() const override { return data_; }
  std::size_t bytes() const override { return bytes_; }

 private:
  std::shared_ptr<MemoryPool> pool_;
  char* data_;
  std::size_t bytes_;
  std::size_t capacity_;
};

MemoryPool::~MemoryPool() {
  for (const Region& region : regions_) {
    allow(region.data, region.touched);
    release(region.data, region.bytes);
  }
}

std::shared_ptr<Buffer> MemoryPool::allocate(std::size_t bytes) {
  const std::size_t capacity = rounded_up(bytes, kCacheLine) + kStrip;
  const std::lock_guard lock(mutex_);
  char* data = take(capacity);
  if (data == nullptr) {
    add_region(capacity);
    data = take(capacity);
  }
  allow(data, bytes);
  forbid(data + bytes, capacity - bytes);
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

/// The smallest free piece that holds `capacity`, the lowest among equals, or null.
char* MemoryPool::take(std::size_t capacity) {
  auto best = free_.end();
  for (auto piece = free_.begin(); piece != free_.end(); ++piece) {
    if (piece->second >= capacity && (best == free_.end() || piece->second < best->second)) best = piece;
  }
  if (best == free_.end()) return nullptr;
  char* const data = best->first;
  const std::size_t rest = best->second - capacity;
  if (rest > 0) free_.emplace_hint(std::next(best), data + capacity, rest);
  free_.erase(best);
  for (Region& region : regions_) {
    if (data < region.data || data >= region.data + region.bytes) continue;
    region.touched = std::max(region.touched, static_cast<std::size_t>(data - region.data) + capacity);
  }
  return data;
}

/// One region as large as the machine's memory serves for good, unless the system grants less address space.
void MemoryPool::add_region(std::size_t bytes) {
  const std::size_t least = rounded_up(bytes, kHugePage);
  std::size_t size = std::max(least, rounded_up(machine_bytes(), kHugePage));
  char* data = reserve(size);
  while (data == nullptr && size > least) {
    size = std::max(least, rounded_up(size / 4, kHugePage));
    data = reserve(size);
  }
  if (data == nullptr) {
    fail(
        "[memory] {} MiB more were asked for and the system has none left; expected enough for this batch and frame "
        "size. "
        "Try a smaller batch or smaller frames.",
        bytes >> 20);
  }
  regions_.push_back({data, size, 0});
  free_.emplace(data, size);
}

void MemoryPool::give_back(char* data, std::size_t capacity) noexcept {
  const std::lock_guard lock(mutex_);
  forbid(data, capacity);
  live_bytes_ -= capacity;
  // Should two regions lie side by side, pieces merge across them, which does no harm.
  auto next = free_.lower_bound(data);
  if (next != free_.end() && data + capacity == next->first) {
    capacity += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto previous = std::prev(next);
    if (previous->first + previous->second == data) {
      previous->second += capacity;
      return;
    }
  }
  free_.emplace_hint(next, data, capacity);
}

}  // namespace nextframe::cpu
