// However a network runs, it computes the same.

#include "core/model/execution.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/backend/counting/counting_backend.h"
#include "core/backend/reference/reference_backend.h"
#include "core/model/encoder_forecaster.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

ModelOptions two_levels(CellKind cell) {
  ModelOptions options;
  options.cell = cell;
  options.peephole = cell == CellKind::kConvLstm;
  if (cell == CellKind::kTrajGru) options.links = 2;
  options.levels.resize(2);
  options.levels[0] = {.conv = {.channels = 2, .kernel = 3, .stride = 1}, .hidden = 3, .kernel = 3, .up = {}};
  options.levels[1] = {.conv = {.channels = 3, .kernel = 3, .stride = 2}, .hidden = 2, .kernel = 3, .up = {}};
  return options;
}

/// Parameters as they are drawn, but for flows that would not move anything yet.
void draw_parameters(Backend& backend, EncoderForecaster& network) {
  network.initialise(Initialisation::kDefault, 5);
  Random random(47);
  for (const Parameter& entry : network.parameters().entries()) {
    const Shape& shape = entry.declaration.shape;
    if (entry.declaration.name.find("flow.output") == std::string::npos) continue;
    backend.copy(upload(backend, shape, DType::kFloat64, uniform(random, shape.elements(), -0.5, 0.5)), entry.value);
  }
  network.parameters().mark_changed();
}

/// The prediction and all parameter gradients of one training pass.
struct Pass {
  std::vector<double> prediction, gradients;
};

class Segments : public testing::TestWithParam<CellKind> {
 protected:
  Pass run(const ModelOptions& options, const SequenceLengths& lengths, std::int64_t segment) {
    Random random(41);
    EncoderForecaster network(backend_, DType::kFloat64, options, 1, 1);
    draw_parameters(backend_, network);
    network.set_execution({.segment = segment});
    const auto filled = [&](std::int64_t steps) {
      const Shape shape{steps, 2, 5, 6, 1};
      return upload(backend_, shape, DType::kFloat64, uniform(random, shape.elements(), -1.0, 1.0));
    };
    const Tensor context = filled(lengths.context);
    const Tensor dprediction = filled(lengths.horizon);
    Pass pass;
    pass.prediction = download(backend_, network.forward(context, lengths.horizon, Mode::kTraining));
    network.backward(dprediction);
    pass.gradients = download(backend_, network.parameters().gradients());
    return pass;
  }

  ReferenceBackend backend_;
};

TEST_P(Segments, GiveTheGradientsOfTheWholeSequence) {
  std::vector<ModelOptions> networks(3, two_levels(GetParam()));
  networks[1].predict = Predict::kChange;
  networks[2].patch = 2;
  if (GetParam() != CellKind::kTrajGru) networks[2].norm = Norm::kGroup;
  if (GetParam() == CellKind::kConvGru) networks[2].reset = Reset::kBefore;
  for (std::size_t i = 0; i < networks.size(); ++i) {
    for (const SequenceLengths& lengths : {SequenceLengths{5, 4}, SequenceLengths{1, 3}, SequenceLengths{3, 1}}) {
      const Pass whole = run(networks[i], lengths, 0);
      for (const std::int64_t segment : {1, 2, 3, 4, 9}) {
        const std::string what = "network " + std::to_string(i) + ", " + std::to_string(lengths.context) + " to " +
                                 std::to_string(lengths.horizon) + " in " + std::to_string(segment);
        const Pass parts = run(networks[i], lengths, segment);
        EXPECT_LT(relative_difference(parts.prediction, whole.prediction), 1e-13) << what;
        EXPECT_LT(relative_difference(parts.gradients, whole.gradients), 1e-12) << what;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Segments, testing::Values(CellKind::kConvLstm, CellKind::kConvGru, CellKind::kTrajGru));

class Forecasts : public testing::TestWithParam<CellKind> {};

TEST_P(Forecasts, AreTheSameInChunksAndTiles) {
  ReferenceBackend backend;
  for (const Norm norm : {Norm::kNone, Norm::kGroup}) {
    for (const Reset reset : {Reset::kAfter, Reset::kBefore}) {
      ModelOptions options = two_levels(GetParam());
      options.norm = norm;
      options.predict = Predict::kChange;
      if (GetParam() == CellKind::kConvGru) options.reset = reset;
      if (!find_problems(options, 0, 0).empty()) continue;
      EncoderForecaster network(backend, DType::kFloat64, options, 1, 1);
      draw_parameters(backend, network);
      Random random(43);
      const Shape shape{5, 2, 7, 6, 1};
      const Tensor context = upload(backend, shape, DType::kFloat64, uniform(random, shape.elements(), -1.0, 1.0));
      const std::vector<double> whole = download(backend, network.forward(context, 7, Mode::kTraining));
      for (const std::int64_t chunk : {1, 2, 3, 10}) {
        for (const std::int64_t rows : {1, 2, 3, 7, 100}) {
          network.set_execution({.forecast_chunk = chunk, .tile_rows = rows});
          EXPECT_LT(relative_difference(download(backend, network.forward(context, 7, Mode::kInference)), whole), 1e-13)
              << "chunk " << chunk << ", tiles of " << rows << " rows";
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Forecasts,
                         testing::Values(CellKind::kConvLstm, CellKind::kConvGru, CellKind::kTrajGru));

/// Peak bytes of a forecast beyond the parameters and the frames that go in and come out.
std::int64_t forecast_bytes(const ModelOptions& options, const SequenceLengths& lengths, std::int64_t side,
                            const ExecutionOptions& execution = {}) {
  CountingBackend counting;
  EncoderForecaster network(counting, DType::kFloat32, options, 1, 1);
  network.set_execution(execution);
  const Tensor context = counting.allocate({lengths.context, 1, side, side, 1}, DType::kFloat32);
  counting.restart();
  const std::size_t before = counting.memory().live_bytes();
  const Tensor prediction = network.forward(context, lengths.horizon, Mode::kInference);
  return static_cast<std::int64_t>(counting.memory().peak().bytes - before - prediction.bytes());
}

TEST(ForecastMemory, GrowsNeitherWithContextNorHorizon) {
  for (const CellKind cell : {CellKind::kConvLstm, CellKind::kConvGru, CellKind::kTrajGru}) {
    const ModelOptions options = two_levels(cell);
    for (const std::int64_t side : {16, 80, 1000}) {
      const std::int64_t some = forecast_bytes(options, {20, 20}, side);
      EXPECT_EQ(forecast_bytes(options, {100, 70}, side), some);
    }
  }
}

TEST(ForecastMemory, OfLargeFramesHoldsNoWholeGates) {
  ModelOptions options = two_levels(CellKind::kConvLstm);
  options.levels[0].hidden = 64;
  constexpr std::int64_t kSide = 1000;
  constexpr std::int64_t kGates = 4 * 64 * kSide * kSide * 4;
  const std::int64_t whole = forecast_bytes(options, {2, 2}, kSide, {.tile_rows = kSide});
  const std::int64_t tiled = forecast_bytes(options, {2, 2}, kSide);
  EXPECT_GT(whole, kGates);
  EXPECT_LT(tiled, whole - kGates * 9 / 10);
}

TEST(Tiles, AreForLargeFramesAndNotForLargeBatches) {
  const CellOptions cell{.kind = CellKind::kConvLstm, .hidden_channels = 64};
  EXPECT_EQ(tiling_of({}, {.steps = 1, .batch = 60000, .height = 16, .width = 16}, cell).rows, 0);
  EXPECT_EQ(tiling_of({}, {.steps = 1, .batch = 1, .height = 256, .width = 256}, cell).rows, 0);
  const std::int64_t rows = tiling_of({}, {.steps = 1, .batch = 1, .height = 1000, .width = 1000}, cell).rows;
  EXPECT_GT(rows, 0);
  EXPECT_LT(rows, 100);
}

/// Peak bytes of a training pass beyond the parameters, frames of `side` squared.
std::int64_t training_bytes(const ModelOptions& options, const SequenceLengths& lengths, std::int64_t segment,
                            std::int64_t side = 32) {
  CountingBackend counting;
  EncoderForecaster network(counting, DType::kFloat32, options, 1, 1);
  network.set_execution({.segment = segment});
  const std::size_t before = counting.memory().live_bytes();
  const MemoryTrace::Moment start = counting.memory().now();
  {
    const Tensor context = counting.allocate({lengths.context, 2, side, side, 1}, DType::kFloat32);
    const Tensor prediction = network.forward(context, lengths.horizon, Mode::kTraining);
    network.backward(counting.allocate(prediction.shape(), DType::kFloat32));
  }
  EXPECT_EQ(counting.memory().live_bytes(), before) << "something was kept after the pass";
  return static_cast<std::int64_t>(counting.memory().peak(start).bytes - before);
}

TEST(SegmentLength, OfLeastMemoryIsNearTheBest) {
  for (const CellKind cell : {CellKind::kConvLstm, CellKind::kConvGru}) {
    const ModelOptions options = two_levels(cell);
    for (const SequenceLengths& lengths : {SequenceLengths{10, 10}, SequenceLengths{40, 20}, SequenceLengths{1, 1}}) {
      std::int64_t best = training_bytes(options, lengths, 1);
      for (std::int64_t segment = 2; segment <= lengths.context; ++segment) {
        best = std::min(best, training_bytes(options, lengths, segment));
      }
      const std::int64_t chosen = least_memory_segment(options, lengths);
      EXPECT_GE(chosen, 1);
      EXPECT_LE(chosen, std::max(lengths.context, lengths.horizon));
      EXPECT_LE(static_cast<double>(training_bytes(options, lengths, chosen)), 1.15 * static_cast<double>(best));
    }
  }
}

TEST(SegmentLength, MemoryGrowsWithTheRootOfTheSequence) {
  const ModelOptions options = two_levels(CellKind::kConvLstm);
  const SequenceLengths four{80, 80}, one{20, 20};
  const auto bytes = [&](const SequenceLengths& lengths) {
    return static_cast<double>(training_bytes(options, lengths, least_memory_segment(options, lengths)));
  };
  // Twice the activations, four times the frames.
  EXPECT_LT(bytes(four), 2.7 * bytes(one));
  EXPECT_LT(bytes(four), 0.3 * static_cast<double>(training_bytes(options, four, 0)));
}

TEST(ElementCounts, ExceedThirtyTwoBits) {
  const ModelOptions options = two_levels(CellKind::kConvLstm);
  // Frames of 2^32 pixels take 2^22 times the memory of frames of 2^10; what the parameters add is next to nothing.
  constexpr std::int64_t kSide = std::int64_t{1} << 16;
  const auto small = static_cast<double>(training_bytes(options, {2, 2}, 0));
  const auto large = static_cast<double>(training_bytes(options, {2, 2}, 0, kSide));
  EXPECT_NEAR(large / small, 4194304.0, 4194304.0 * 0.02);
  EXPECT_GT(forecast_bytes(options, {2, 2}, kSide), std::int64_t{1} << 32);
}

}  // namespace
}  // namespace nextframe::test
