#include "core/backend/memory_trace.h"

#include <algorithm>

#include "core/base/error.h"

namespace nextframe {

MemoryTrace::MemoryTrace() : parts_{""} {}

MemoryTrace::Id MemoryTrace::allocate(std::size_t bytes, MemoryUse use) {
  blocks_.push_back({.bytes = bytes, .part = entered_.empty() ? 0 : entered_.back(), .use = use, .allocated = now_++});
  live_bytes_ += bytes;
  return blocks_.size() - 1;
}

void MemoryTrace::release(Id block) {
  blocks_[block].released = now_++;
  live_bytes_ -= blocks_[block].bytes;
}

void MemoryTrace::enter(std::string_view part) {
  const auto found = std::find(parts_.begin(), parts_.end(), part);
  entered_.push_back(static_cast<std::size_t>(found - parts_.begin()));
  if (found == parts_.end()) parts_.emplace_back(part);
}

void MemoryTrace::leave() {
  if (entered_.empty()) fail("[memory] left a part that was never entered");
  entered_.pop_back();
}

MemoryTrace::Peak MemoryTrace::peak(Moment from) const {
  struct Change {
    Moment moment;
    std::int64_t bytes;
  };
  std::vector<Change> changes;
  std::int64_t live = 0;
  for (const Block& block : blocks_) {
    const auto bytes = static_cast<std::int64_t>(block.bytes);
    if (block.released <= from || block.use == MemoryUse::kCopy) continue;
    if (block.allocated < from) {
      live += bytes;
    } else {
      changes.push_back({block.allocated, bytes});
    }
    if (block.released < now_) changes.push_back({block.released, -bytes});
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.moment < b.moment; });
  Moment fullest = from;
  std::int64_t most = live;
  for (const Change& change : changes) {
    live += change.bytes;
    if (live <= most) continue;
    most = live;
    fullest = change.moment;
  }
  Peak peak{.bytes = static_cast<std::size_t>(most), .in_use = {}};
  for (const Block& block : blocks_) {
    const bool there = block.allocated <= fullest && block.released > fullest;
    if (there && block.bytes > 0 && block.use != MemoryUse::kCopy)
      peak.in_use[{parts_[block.part], block.use}] += block.bytes;
  }
  return peak;
}

std::map<std::string, std::size_t> MemoryTrace::copies() const {
  std::map<std::string, std::size_t> kept;
  for (const Block& block : blocks_) {
    if (block.use == MemoryUse::kCopy && block.released > now_) kept[parts_[block.part]] += block.bytes;
  }
  return kept;
}

}  // namespace nextframe
