#include "core/backend/memory_plan.h"

#include <gtest/gtest.h>

#include "core/base/random.h"

namespace nextframe {
namespace {

using Lifetimes = std::vector<MemoryLifetime>;

bool live_together(const MemoryLifetime& a, const MemoryLifetime& b) { return a.first < b.last && b.first < a.last; }

bool overlap(const MemoryPlan::Place& a, const MemoryPlan::Place& b) {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

void expect_valid(const Lifetimes& blocks, const MemoryPlan& plan) {
  ASSERT_EQ(plan.places.size(), blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ASSERT_EQ(plan.places[i].bytes, blocks[i].bytes);
    ASSERT_LE(plan.places[i].offset + plan.places[i].bytes, plan.bytes);
    for (std::size_t k = 0; k < i; ++k) {
      ASSERT_FALSE(live_together(blocks[i], blocks[k]) && overlap(plan.places[i], plan.places[k]))
          << "blocks " << k << " and " << i;
    }
  }
  ASSERT_GE(plan.bytes, plan.peak_bytes);
}

TEST(MemoryPlan, NothingTakesNothing) {
  const MemoryPlan plan = plan_memory(Lifetimes{});
  EXPECT_EQ(plan.bytes, 0u);
  EXPECT_EQ(plan.peak_bytes, 0u);
}

TEST(MemoryPlan, BlocksInTurnShareTheirPlace) {
  const Lifetimes blocks{{.bytes = 64, .first = 0, .last = 1}, {.bytes = 128, .first = 1, .last = 2}};
  const MemoryPlan plan = plan_memory(blocks);
  expect_valid(blocks, plan);
  EXPECT_EQ(plan.bytes, 128u);
}

/// What a training step does: each layer keeps a block on the way forward, gives it back on the way back, and takes
/// workspace meanwhile. A pool that serves requests as they come cannot know which of them stay.
Lifetimes training_step(Random& random, int layers) {
  Lifetimes blocks;
  const auto size = [&](std::uint64_t most) { return std::size_t{64} * (1 + random.below(most)); };
  for (int k = 0; k < layers; ++k) {
    const MemoryTrace::Moment forward = 10 * k, backward = 10 * (2 * layers - k);
    blocks.push_back({.bytes = size(1000), .first = forward, .last = backward + 9});
    blocks.push_back({.bytes = size(300), .first = forward + 1, .last = forward + 2});
    blocks.push_back({.bytes = size(500), .first = forward + 3, .last = forward + 15});
    blocks.push_back({.bytes = size(500), .first = backward + 1, .last = backward + 12});
    blocks.push_back({.bytes = size(900), .first = backward + 5, .last = backward + 6});
  }
  return blocks;
}

TEST(MemoryPlan, ATrainingStepTakesLittleMoreThanItsPeak) {
  Random random(1);
  double used = 0, needed = 0;
  for (int round = 0; round < 100; ++round) {
    const Lifetimes blocks = training_step(random, 2 + round % 20);
    const MemoryPlan plan = plan_memory(blocks);
    expect_valid(blocks, plan);
    EXPECT_LE(static_cast<double>(plan.bytes), 1.25 * static_cast<double>(plan.peak_bytes)) << "round " << round;
    used += static_cast<double>(plan.bytes);
    needed += static_cast<double>(plan.peak_bytes);
  }
  EXPECT_LE(used, 1.02 * needed);
}

TEST(MemoryPlan, RandomBlocksNeverOverlap) {
  Random random(2);
  double used = 0, needed = 0;
  for (int round = 0; round < 100; ++round) {
    Lifetimes blocks;
    for (std::uint64_t i = 0, count = 1 + random.below(200); i < count; ++i) {
      const auto first = static_cast<MemoryTrace::Moment>(random.below(1000));
      const auto length = static_cast<MemoryTrace::Moment>(1 + random.below(200));
      blocks.push_back({.bytes = 64 * random.below(5000), .first = first, .last = first + length});
    }
    const MemoryPlan plan = plan_memory(blocks);
    expect_valid(blocks, plan);
    used += static_cast<double>(plan.bytes);
    needed += static_cast<double>(plan.peak_bytes);
  }
  EXPECT_LE(used, 1.1 * needed);
}

TEST(MemoryPlan, LeavesOutCopiesAndWhatWasThereBefore) {
  MemoryTrace trace;
  trace.allocate(64, MemoryUse::kTensor);
  const MemoryTrace::Moment start = trace.now();
  const auto kept = trace.allocate(128, MemoryUse::kTensor);
  trace.allocate(1024, MemoryUse::kCopy);
  trace.release(trace.allocate(256, MemoryUse::kWorkspace));
  trace.release(kept);
  trace.allocate(64, MemoryUse::kTensor);
  const MemoryPlan plan = plan_memory(trace, start);
  ASSERT_EQ(plan.places.size(), 3u);
  EXPECT_EQ(plan.places[0].bytes, 128u);
  EXPECT_EQ(plan.places[1].bytes, 256u);
  EXPECT_EQ(plan.places[2].bytes, 64u);
  EXPECT_EQ(plan.bytes, 384u);
}

}  // namespace
}  // namespace nextframe
