#include "core/backend/memory_trace.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace nextframe {
namespace {

using InUse = std::map<std::pair<std::string, MemoryUse>, std::size_t>;

TEST(MemoryTrace, PeakIsWhatWasInUseAtOnceByPart) {
  MemoryTrace trace;
  trace.allocate(400, MemoryUse::kTensor);
  trace.enter("encoder.0.rnn");
  const auto gates = trace.allocate(200, MemoryUse::kTensor);
  trace.enter("encoder.0.conv");
  trace.release(trace.allocate(150, MemoryUse::kWorkspace));
  trace.leave();
  trace.release(trace.allocate(170, MemoryUse::kWorkspace));
  trace.allocate(3000, MemoryUse::kCopy);
  trace.release(trace.allocate(5000, MemoryUse::kCopy));
  trace.release(gates);
  trace.leave();
  EXPECT_EQ(trace.live_bytes(), 3400u);
  const MemoryTrace::Peak peak = trace.peak();
  EXPECT_EQ(peak.bytes, 770u);
  const InUse expected{{{"", MemoryUse::kTensor}, 400},
                       {{"encoder.0.rnn", MemoryUse::kTensor}, 200},
                       {{"encoder.0.rnn", MemoryUse::kWorkspace}, 170}};
  EXPECT_EQ(peak.in_use, expected);
  const std::map<std::string, std::size_t> copies{{"encoder.0.rnn", 3000}};
  EXPECT_EQ(trace.copies(), copies);
}

TEST(MemoryTrace, PeakFromAMomentOnKnowsWhatWasThereBefore) {
  MemoryTrace trace;
  const auto before = trace.allocate(100, MemoryUse::kTensor);
  trace.release(trace.allocate(1000, MemoryUse::kTensor));
  const MemoryTrace::Moment start = trace.now();
  EXPECT_EQ(trace.peak(start).bytes, 100u);
  trace.release(trace.allocate(50, MemoryUse::kTensor));
  trace.release(before);
  EXPECT_EQ(trace.peak(start).bytes, 150u);
  EXPECT_EQ(trace.peak().bytes, 1100u);
}

TEST(MemoryTrace, PartsAreLeftInTurn) {
  MemoryTrace trace;
  trace.enter("head.0");
  trace.leave();
  EXPECT_THROW(trace.leave(), Error);
}

}  // namespace
}  // namespace nextframe
