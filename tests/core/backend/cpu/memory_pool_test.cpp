#include "core/backend/cpu/memory_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace nextframe::cpu {
namespace {

TEST(MemoryPool, GivesBackTheSameBlock) {
  const auto pool = MemoryPool::create();
  auto block = pool->allocate(5u << 20);
  void* first = block->data();
  std::memset(first, 1, block->bytes());
  block.reset();
  EXPECT_EQ(0u, pool->live_bytes());
  EXPECT_EQ(first, pool->allocate(5u << 20)->data());
}

TEST(MemoryPool, AlignsBlocks) {
  const auto pool = MemoryPool::create();
  for (const std::size_t bytes : {1u, 100u, 5000u, 1u << 20, 9u << 20}) {
    const auto block = pool->allocate(bytes);
    EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(block->data()) % 64) << bytes;
    EXPECT_EQ(bytes, block->bytes());
  }
}

TEST(MemoryPool, BlocksOutliveTheOwner) {
  auto pool = MemoryPool::create();
  const auto block = pool->allocate(1000);
  pool.reset();
  std::memset(block->data(), 1, 1000);
}

TEST(MemoryPool, NeighboursMergeForALargerBlock) {
  const auto pool = MemoryPool::create();
  auto first = pool->allocate(1u << 20), second = pool->allocate(1u << 20), third = pool->allocate(1u << 20);
  const auto fourth = pool->allocate(1u << 20);
  void* address = first->data();
  first.reset();
  third.reset();
  second.reset();
  EXPECT_EQ(address, pool->allocate(3u << 20)->data());
  EXPECT_NE(address, pool->allocate(4u << 20)->data());
}

TEST(MemoryPool, CountsPeak) {
  const auto pool = MemoryPool::create();
  pool->allocate(1u << 20);
  pool->allocate(1u << 20);
  EXPECT_GE(pool->peak_bytes(), 1u << 20);
  EXPECT_LT(pool->peak_bytes(), 2u << 20);
}

}  // namespace
}  // namespace nextframe::cpu
