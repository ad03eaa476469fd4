#include "core/backend/cpu/memory_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace nextframe::cpu {
namespace {

TEST(MemoryPool, GivesBackTheSameBlock) {
  const auto pool = MemoryPool::create();
  auto block = pool->allocate(5u << 20, MemoryUse::kTensor);
  void* first = block->data();
  std::memset(first, 1, block->bytes());
  block.reset();
  EXPECT_EQ(0u, pool->live_bytes());
  EXPECT_EQ(first, pool->allocate(5u << 20, MemoryUse::kTensor)->data());
}

TEST(MemoryPool, AlignsBlocks) {
  const auto pool = MemoryPool::create();
  for (const std::size_t bytes : {1u, 100u, 5000u, 1u << 20, 9u << 20}) {
    const auto block = pool->allocate(bytes, MemoryUse::kTensor);
    EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(block->data()) % 64) << bytes;
    EXPECT_EQ(bytes, block->bytes());
  }
}

TEST(MemoryPool, BlocksOutliveTheOwner) {
  auto pool = MemoryPool::create();
  const auto block = pool->allocate(1000, MemoryUse::kTensor);
  pool.reset();
  std::memset(block->data(), 1, 1000);
}

TEST(MemoryPool, NeighboursMergeForALargerBlock) {
  const auto pool = MemoryPool::create();
  auto first = pool->allocate(1u << 20, MemoryUse::kTensor), second = pool->allocate(1u << 20, MemoryUse::kTensor),
       third = pool->allocate(1u << 20, MemoryUse::kTensor);
  const auto fourth = pool->allocate(1u << 20, MemoryUse::kTensor);
  void* address = first->data();
  first.reset();
  third.reset();
  second.reset();
  EXPECT_EQ(address, pool->allocate(3u << 20, MemoryUse::kTensor)->data());
  EXPECT_NE(address, pool->allocate(4u << 20, MemoryUse::kTensor)->data());
}

TEST(MemoryPool, CountsPeak) {
  const auto pool = MemoryPool::create();
  pool->allocate(1u << 20, MemoryUse::kTensor);
  pool->allocate(1u << 20, MemoryUse::kTensor);
  EXPECT_GE(pool->peak_bytes(), 1u << 20);
  EXPECT_LT(pool->peak_bytes(), 2u << 20);
}

/// Under the address sanitizer the pool keeps a strip behind each block, in plans as in what it gives out.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStrip = 64;
#else
constexpr std::size_t kStrip = 0;
#endif

std::shared_ptr<const MemoryPlan> plan_of(std::vector<MemoryLifetime> blocks) {
  for (MemoryLifetime& block : blocks) block.bytes += kStrip;
  return std::make_shared<MemoryPlan>(plan_memory(blocks));
}

TEST(MemoryPool, WorkWithAPlanGetsItsPlaces) {
  const auto pool = MemoryPool::create();
  const auto plan = plan_of({{.bytes = 4096, .first = 0, .last = 3}, {.bytes = 1024, .first = 1, .last = 2}});
  pool->begin_plan(plan);
  const auto first = pool->allocate(4096, MemoryUse::kTensor);
  const auto copy = pool->allocate(512, MemoryUse::kCopy);
  const auto second = pool->allocate(1000, MemoryUse::kWorkspace);
  pool->end_plan();
  EXPECT_EQ(0, pool->departures());
  const auto* begin = static_cast<char*>(first->data()) - plan->places[0].offset;
  EXPECT_EQ(begin + plan->places[1].offset, second->data());
  EXPECT_TRUE(copy->data() < begin || copy->data() >= begin + plan->bytes);
}

TEST(MemoryPool, ABlockThatIsHeldLongerIsNotGivenOutTwice) {
  const auto pool = MemoryPool::create();
  const auto plan = plan_of({{.bytes = 4096, .first = 0, .last = 1}, {.bytes = 4096, .first = 1, .last = 2}});
  pool->begin_plan(plan);
  const auto held = pool->allocate(4096, MemoryUse::kTensor);
  const auto next = pool->allocate(4096, MemoryUse::kTensor);
  pool->end_plan();
  EXPECT_NE(held->data(), next->data());
  std::memset(held->data(), 1, 4096);
  std::memset(next->data(), 2, 4096);
  EXPECT_EQ(1, *static_cast<char*>(held->data()));
  EXPECT_EQ(1, pool->departures());
}

TEST(MemoryPool, OtherSizesThanPlannedAreServedToo) {
  const auto pool = MemoryPool::create();
  const auto plan = plan_of({{.bytes = 4096, .first = 0, .last = 9}, {.bytes = 4096, .first = 1, .last = 9}});
  pool->begin_plan(plan);
  std::vector<std::shared_ptr<Buffer>> blocks;
  for (const std::size_t bytes : {1024u, 4096u, 2048u, 9u << 20}) {
    blocks.push_back(pool->allocate(bytes, MemoryUse::kTensor));
    std::memset(blocks.back()->data(), static_cast<int>(blocks.size()), bytes);
  }
  pool->end_plan();
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_EQ(static_cast<int>(i + 1), *static_cast<char*>(blocks[i]->data())) << i;
  }
  // And the plan is followed again by the next work, once all is given back.
  blocks.clear();
  const std::int64_t before = pool->departures();
  pool->begin_plan(plan);
  const auto first = pool->allocate(4096, MemoryUse::kTensor), second = pool->allocate(4096, MemoryUse::kTensor);
  pool->end_plan();
  EXPECT_EQ(before, pool->departures());
}

TEST(MemoryPool, ATracedPoolRecordsAndTakesNothing) {
  const auto trace = std::make_shared<MemoryTrace>();
  const auto pool = MemoryPool::create(trace);
  auto large = pool->allocate(std::size_t{1} << 40, MemoryUse::kTensor);
  const auto small = pool->allocate(100, MemoryUse::kWorkspace);
  EXPECT_NE(large->data(), small->data());
  large.reset();
  ASSERT_EQ(2u, trace->blocks().size());
  EXPECT_EQ(MemoryUse::kWorkspace, trace->blocks()[1].use);
  EXPECT_EQ(2, trace->blocks()[0].released);
  EXPECT_GE(trace->live_bytes(), 100u);
  EXPECT_LT(trace->live_bytes(), 1000u);
}

}  // namespace
}  // namespace nextframe::cpu
