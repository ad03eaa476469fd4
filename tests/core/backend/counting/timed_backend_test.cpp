#include "core/backend/counting/timed_backend.h"

#include <gtest/gtest.h>

#include <memory>

#include "core/backend/reference/reference_backend.h"

namespace nextframe {
namespace {

TEST(TimedBackend, TimesEachKindInItsPhaseAndCountsAsTheCountingBackendDoes) {
  TimedBackend timed(std::make_unique<ReferenceBackend>());
  CountingBackend counting;
  const ConvolutionSpec spec{.pad = 1};
  const auto run = [&](Backend& backend) {
    const Tensor x = backend.allocate({1, 16, 16, 4}, DType::kFloat32);
    const Tensor w = backend.allocate({8, 4, 3, 3}, DType::kFloat32), y = backend.allocate({1, 16, 16, 8}, x.dtype());
    backend.fill(1.0, x);
    backend.fill(1.0, w);
    backend.convolution(spec, x, {w, 1}, {}, y, Write::kOverwrite);
  };
  run(timed);
  run(counting);
  timed.set_phase(Phase::kBackward);
  run(timed);

  for (const OperationKind kind : {OperationKind::kConvolution, OperationKind::kElementwise}) {
    for (const Phase phase : {Phase::kForward, Phase::kBackward}) {
      const OperationTotal& total = timed.total(phase, kind);
      const OperationTotal& expected = counting.total(Phase::kForward, kind);
      EXPECT_EQ(total.calls, expected.calls);
      EXPECT_EQ(total.operations, expected.operations);
      EXPECT_EQ(total.bytes, expected.bytes);
      EXPECT_GT(timed.seconds(phase, kind), 0.0);
    }
  }
  EXPECT_EQ(timed.seconds(Phase::kForward, OperationKind::kNormalisation), 0.0);
  EXPECT_EQ(timed.seconds(Phase::kUpdate, OperationKind::kConvolution), 0.0);

  timed.restart();
  EXPECT_EQ(timed.total(Phase::kForward, OperationKind::kConvolution).calls, 0);
  EXPECT_EQ(timed.seconds(Phase::kForward, OperationKind::kConvolution), 0.0);
}

}  // namespace
}  // namespace nextframe
