#include "core/backend/cpu/memory_pool.h"

#include <algorithm>
#include <new>
#include <optional>

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

enum class Access { kFull, kNone };

#if defined(__unix__)

/// Address space that takes no memory until it is touched.
char* reserve(std::size_t bytes, Access access) {
  const int protection = access == Access::kFull ? PROT_READ | PROT_WRITE : PROT_NONE;
  void* data = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  if (access == Access::kFull) madvise(data, bytes, MADV_HUGEPAGE);
#endif
  return static_cast<char*>(data);
}

void unreserve(char* data, std::size_t bytes) { munmap(data, bytes); }

std::size_t machine_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

#else

char* reserve(std::size_t bytes, Access) {
  return static_cast<char*>(::operator new(bytes, std::align_val_t(kHugePage), std::nothrow));
}

void unreserve(char* data, std::size_t) { ::operator delete(data, std::align_val_t(kHugePage)); }

std::size_t machine_bytes() { return std::size_t{256} << 20; }

#endif

FreeSpace::Address address_of(const char* data) { return reinterpret_cast<FreeSpace::Address>(data); }
char* to_pointer(FreeSpace::Address address) { return reinterpret_cast<char*>(address); }

}  // namespace

class MemoryPool::Block : public Buffer {
 public:
  Block(std::shared_ptr<MemoryPool> pool, char* data, std::size_t bytes, std::size_t capacity)
      : pool_(std::move(pool)), data_(data), bytes_(bytes), capacity_(capacity) {}
  ~Block() override {
    pool_->give_back(data_, capacity_);
    if (traced_) pool_->trace_->release(*traced_);
  }

  void* data() const override { return data_; }
  std::size_t bytes() const override { return bytes_; }
  void trace(MemoryTrace::Id id) { traced_ = id; }

 private:
  std::shared_ptr<MemoryPool> pool_;
  char* data_;
  std::size_t bytes_;
  std::size_t capacity_;
  std::optional<MemoryTrace::Id> traced_;
};

std::shared_ptr<MemoryPool> MemoryPool::create(std::shared_ptr<MemoryTrace> trace) {
  return std::shared_ptr<MemoryPool>(new MemoryPool(std::move(trace)));
}

MemoryPool::~MemoryPool() {
  for (const Region& region : regions_) release(region);
  release(arena_);
}

void MemoryPool::release(const Region& region) {
  if (region.data == nullptr) return;
  if (!trace_) allow(region.data, region.touched);
  unreserve(region.data, region.bytes);
}

std::shared_ptr<Buffer> MemoryPool::allocate(std::size_t bytes, MemoryUse use) {
  const std::size_t capacity = rounded_up(bytes, kCacheLine) + kStrip;
  const std::lock_guard lock(mutex_);
  char* data = working_ && use != MemoryUse::kCopy ? take_planned(capacity) : nullptr;
  if (data == nullptr) data = take(capacity);
  live_bytes_ += capacity;
  peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  auto block = std::make_shared<Block>(shared_from_this(), data, bytes, capacity);
  if (trace_) {
    block->trace(trace_->allocate(capacity, use));
  } else {
    allow(data, bytes);
    forbid(data + bytes, capacity - bytes);
  }
  return block;
}

void MemoryPool::begin_plan(std::shared_ptr<const MemoryPlan> plan) {
  const std::lock_guard lock(mutex_);
  working_ = true;
  plan_ = std::move(plan);
  next_place_ = 0;
  if (plan_ && plan_->bytes > arena_.bytes && arena_blocks_ == 0) resize_arena(plan_->bytes);
}

void MemoryPool::end_plan() {
  const std::lock_guard lock(mutex_);
  working_ = false;
  plan_.reset();
}

std::size_t MemoryPool::peak_bytes() const {
  const std::lock_guard lock(mutex_);
  return peak_bytes_;
}

std::size_t MemoryPool::live_bytes() const {
  const std::lock_guard lock(mutex_);
  return live_bytes_;
}

std::int64_t MemoryPool::departures() const {
  const std::lock_guard lock(mutex_);
  return departures_;
}

/// The next place of the plan. Once a size is not the planned one, the rest of the work is taken for unplanned.
char* MemoryPool::take_planned(std::size_t capacity) {
  const auto at = [this](std::size_t offset) { return address_of(arena_.data + offset); };
  const std::size_t places = plan_ ? plan_->places.size() : 0;
  if (next_place_ < places && plan_->places[next_place_].bytes == capacity) {
    const MemoryPlan::Place& place = plan_->places[next_place_++];
    // Somebody may still hold a block that the plan takes for released.
    if (arena_free_.take_at(at(place.offset), capacity)) {
      ++arena_blocks_;
      return arena_.data + place.offset;
    }
  } else {
    next_place_ = places;
  }
  if (plan_) ++departures_;
  const auto found = arena_free_.take(capacity);
  if (!found) return nullptr;
  ++arena_blocks_;
  return to_pointer(*found);
}

char* MemoryPool::take(std::size_t capacity) {
  auto found = free_.take(capacity);
  if (!found) {
    add_region(capacity);
    found = free_.take(capacity);
  }
  char* const data = to_pointer(*found);
  for (Region& region : regions_) {
    if (!region.holds(data)) continue;
    region.touched = std::max(region.touched, static_cast<std::size_t>(data - region.data) + capacity);
  }
  return data;
}

void MemoryPool::resize_arena(std::size_t bytes) {
  const std::size_t size = rounded_up(bytes, kHugePage);
  char* const data = reserve(size, trace_ ? Access::kNone : Access::kFull);
  if (data == nullptr) return;  // the work is served without an arena, or fails there with a message
  release(arena_);
  arena_ = {.data = data, .bytes = size, .touched = size};
  arena_free_ = FreeSpace();
  arena_free_.give(address_of(data), size);
}

/// One region as large as the machine's memory serves for good, unless the system grants less address space.
void MemoryPool::add_region(std::size_t bytes) {
  const std::size_t least = rounded_up(bytes, kHugePage);
  std::size_t size = std::max(least, rounded_up(machine_bytes(), kHugePage));
  const Access access = trace_ ? Access::kNone : Access::kFull;
  char* data = reserve(size, access);
  while (data == nullptr && size > least) {
    size = std::max(least, rounded_up(size / 4, kHugePage));
    data = reserve(size, access);
  }
  if (data == nullptr) {
    fail(
        "[memory] {} MiB more were asked for and the system has none left; expected enough for this batch and frame "
        "size. "
        "Try a smaller batch or smaller frames.",
        bytes >> 20);
  }
  regions_.push_back({.data = data, .bytes = size});
  free_.give(address_of(data), size);
}

void MemoryPool::give_back(char* data, std::size_t capacity) noexcept {
  const std::lock_guard lock(mutex_);
  if (!trace_) forbid(data, capacity);
  live_bytes_ -= capacity;
  if (arena_.holds(data)) {
    arena_free_.give(address_of(data), capacity);
    --arena_blocks_;
  } else {
    // Should two regions lie side by side, pieces merge across them, which does no harm.
    free_.give(address_of(data), capacity);
  }
}

}  // namespace nextframe::cpu
