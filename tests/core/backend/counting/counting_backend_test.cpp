#include "core/backend/counting/counting_backend.h"

#include <gtest/gtest.h>

#include "core/model/encoder_forecaster.h"

namespace nextframe {
namespace {

TEST(CountingBackend, TensorsHaveNoMemory) {
  CountingBackend backend;
  const Tensor tensor = backend.allocate({2, 3}, DType::kFloat32);
  EXPECT_TRUE(static_cast<bool>(tensor));
  EXPECT_EQ(tensor.data<float>(), nullptr);
  float values[6] = {1, 1, 1, 1, 1, 1};
  backend.download(tensor, values);
  for (const float value : values) EXPECT_EQ(value, 0.0f);
}

TEST(CountingBackend, MemoryIsBookedOnParts) {
  CountingBackend backend;
  const Tensor kept = backend.allocate({100}, DType::kFloat32);
  {
    const Part part(backend, "encoder.0.rnn");
    const Tensor view = backend.allocate({25}, DType::kFloat64).range(5, 10);
    EXPECT_EQ(backend.memory().live_bytes(), 600u);
  }
  EXPECT_EQ(backend.memory().live_bytes(), 400u);
  const MemoryTrace::Peak peak = backend.memory().peak();
  EXPECT_EQ(peak.bytes, 600u);
  EXPECT_EQ(peak.in_use.at({"encoder.0.rnn", MemoryUse::kTensor}), 200u);
}

TEST(CountingBackend, TensorsMayOutliveTheBackend) {
  Tensor tensor;
  {
    CountingBackend backend;
    tensor = backend.allocate({4}, DType::kFloat32);
  }
  EXPECT_EQ(tensor.bytes(), 16u);
}

TEST(CountingBackend, ConvolutionsOfAllKindsCountAlike) {
  CountingBackend backend;
  const ConvolutionSpec spec{.stride = 2, .pad = 1};
  const Tensor x = backend.allocate({2, 8, 6, 3}, DType::kFloat32), w = backend.allocate({5, 3, 4, 4}, DType::kFloat32);
  const Tensor y = backend.allocate({2, 4, 3, 5}, DType::kFloat32);
  const std::int64_t operations = 2 * 2 * 4 * 3 * 5 * 3 * 4 * 4;
  backend.convolution(spec, x, {w, 1}, {}, y, Write::kOverwrite);
  backend.set_phase(Phase::kBackward);
  backend.convolution_transposed(spec, y, {w, 1}, {}, x, Write::kOverwrite);
  backend.convolution_weight_gradient(spec, x, y, w, Write::kAccumulate);
  EXPECT_EQ(backend.total(Phase::kForward).operations, operations);
  EXPECT_EQ(backend.total(Phase::kBackward, OperationKind::kConvolutionTransposed).operations, operations);
  EXPECT_EQ(backend.total(Phase::kBackward, OperationKind::kWeightGradient).operations, operations);
  EXPECT_EQ(backend.total().calls, 3);
  const auto bytes = static_cast<std::int64_t>(x.bytes() + w.bytes() + y.bytes());
  EXPECT_EQ(backend.total(Phase::kForward).bytes, bytes);
  EXPECT_EQ(backend.total(Phase::kBackward, OperationKind::kWeightGradient).bytes,
            bytes + static_cast<std::int64_t>(w.bytes()));
  EXPECT_EQ(backend.total(Phase::kUpdate).calls, 0);
}

// A real training step of one level, against the sum written out by hand.
TEST(CountingBackend, ATrainingStepOfARealNetwork) {
  ModelOptions options;
  options.cell = CellKind::kConvLstm;
  options.levels[0] = {.conv = {.channels = 4, .kernel = 3}, .hidden = 6, .kernel = 5, .input_kernel = 3, .up = {}};
  CountingBackend backend;
  EncoderForecaster network(backend, DType::kFloat32, options, 1, 1);
  const std::size_t parameters = backend.memory().live_bytes();
  EXPECT_EQ(parameters, 8 * static_cast<std::size_t>(network.parameters().elements()));

  const Tensor context = backend.allocate({3, 2, 8, 8, 1}, DType::kFloat32);
  const Tensor prediction = network.forward(context, 2, Mode::kTraining);
  backend.set_phase(Phase::kBackward);
  network.backward(backend.allocate(prediction.shape(), DType::kFloat32));

  const std::int64_t pixels = 2 * 8 * 8;
  const std::int64_t conv = 2 * 3 * pixels * 4 * 1 * 9, input = 2 * 3 * pixels * 24 * 4 * 9;
  const std::int64_t hidden = 2 * pixels * 24 * 6 * 25, head = 2 * 2 * pixels * 1 * 6;
  // Two hidden convolutions in the encoder, whose first state is zero, and two in the forecaster.
  EXPECT_EQ(backend.total(Phase::kForward, OperationKind::kConvolution).operations, conv + input + 4 * hidden + head);
  // No gradient of the frames themselves.
  EXPECT_EQ(backend.total(Phase::kBackward, OperationKind::kConvolutionTransposed).operations,
            input + 4 * hidden + head);
  EXPECT_EQ(backend.total(Phase::kBackward, OperationKind::kWeightGradient).operations,
            conv + input + 4 * hidden + head);
  EXPECT_GT(backend.memory().peak().bytes, parameters);
}

}  // namespace
}  // namespace nextframe
