#include "core/backend/memory_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace nextframe {

namespace {

/// The smallest gap of at least `block.bytes` between the placed blocks that live at the same time, or the end of all.
std::size_t find_offset(const MemoryLifetime& block, std::span<const MemoryLifetime> blocks,
                        const std::vector<std::size_t>& placed, const std::vector<MemoryPlan::Place>& places) {
  std::size_t end = 0;
  std::optional<std::pair<std::size_t, std::size_t>> best;  // gap, offset
  for (const std::size_t other : placed) {
    if (blocks[other].first >= block.last || blocks[other].last <= block.first) continue;
    const MemoryPlan::Place& place = places[other];
    if (place.offset >= end + block.bytes) {
      const std::size_t gap = place.offset - end;
      if (!best || gap < best->first) best = {gap, end};
    }
    end = std::max(end, place.offset + place.bytes);
  }
  return best ? best->second : end;
}

std::size_t most_at_once(std::span<const MemoryLifetime> blocks) {
  std::vector<std::pair<MemoryTrace::Moment, std::size_t>> taken, given;
  for (const MemoryLifetime& block : blocks) {
    taken.emplace_back(block.first, block.bytes);
    given.emplace_back(block.last, block.bytes);
  }
  std::sort(taken.begin(), taken.end());
  std::sort(given.begin(), given.end());
  std::size_t live = 0, most = 0;
  auto back = given.begin();
  for (const auto& [moment, bytes] : taken) {
    live += bytes;
    for (; back != given.end() && back->first <= moment; ++back) live -= back->second;
    most = std::max(most, live);
  }
  return most;
}

/// What makes a block go before others.
enum class Priority { kBytes, kLength, kProduct };

double weight_of(const MemoryLifetime& block, Priority priority, MemoryTrace::Moment end) {
  const auto bytes = static_cast<double>(block.bytes);
  const auto length = static_cast<double>(std::min(block.last, end) - block.first);
  switch (priority) {
    case Priority::kBytes:
      return bytes;
    case Priority::kLength:
      return length;
    case Priority::kProduct:
      return bytes * length;
  }
  return 0;
}

std::vector<std::size_t> order_of(std::span<const MemoryLifetime> blocks, Priority priority) {
  MemoryTrace::Moment end = 0;  // a block that is never released lives to the end of the work
  for (const MemoryLifetime& block : blocks) end = std::max(end, block.first + 1);
  std::vector<std::pair<double, std::size_t>> weights;
  for (std::size_t i = 0; i < blocks.size(); ++i) weights.emplace_back(-weight_of(blocks[i], priority, end), i);
  std::sort(weights.begin(), weights.end());
  std::vector<std::size_t> order;
  for (const auto& [weight, index] : weights) order.push_back(index);
  return order;
}

MemoryPlan place_in_order(std::span<const MemoryLifetime> blocks, const std::vector<std::size_t>& order) {
  MemoryPlan plan;
  plan.places.resize(blocks.size());
  std::vector<std::size_t> placed;  // by offset
  placed.reserve(blocks.size());
  for (const std::size_t index : order) {
    if (blocks[index].bytes == 0) continue;
    MemoryPlan::Place& place = plan.places[index];
    place.bytes = blocks[index].bytes;
    place.offset = find_offset(blocks[index], blocks, placed, plan.places);
    plan.bytes = std::max(plan.bytes, place.offset + place.bytes);
    const auto after =
        std::upper_bound(placed.begin(), placed.end(), place.offset,
                         [&](std::size_t offset, std::size_t other) { return offset < plan.places[other].offset; });
    placed.insert(after, index);
  }
  return plan;
}

}  // namespace

MemoryPlan plan_memory(std::span<const MemoryLifetime> blocks) {
  const std::size_t peak = most_at_once(blocks);
  MemoryPlan best;
  for (const Priority priority : {Priority::kBytes, Priority::kLength, Priority::kProduct}) {
    MemoryPlan plan = place_in_order(blocks, order_of(blocks, priority));
    if (best.places.empty() || plan.bytes < best.bytes) best = std::move(plan);
    if (best.bytes == peak) break;
  }
  best.peak_bytes = peak;
  return best;
}

MemoryPlan plan_memory(const MemoryTrace& trace, MemoryTrace::Moment from) {
  std::vector<MemoryLifetime> blocks;
  for (const MemoryTrace::Block& block : trace.blocks()) {
    if (block.allocated < from || block.use == MemoryUse::kCopy) continue;
    blocks.push_back({.bytes = block.bytes, .first = block.allocated, .last = block.released});
  }
  return plan_memory(blocks);
}

}  // namespace nextframe
