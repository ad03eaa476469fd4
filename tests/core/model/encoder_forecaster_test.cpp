#include "core/model/encoder_forecaster.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"
#include "tests/support/gradients.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

ModelOptions small_network(CellKind cell) {
  ModelOptions options;
  options.cell = cell;
  options.levels.resize(2);
  options.levels[0] = {
      .conv = {.channels = 2, .kernel = 3, .stride = 1}, .hidden = 3, .kernel = 3, .input_kernel = 3, .up = {}};
  options.levels[1] = {.conv = {.channels = 3, .kernel = 3, .stride = 2},
                       .hidden = 2,
                       .kernel = 3,
                       .input_kernel = 1,
                       .up = {.channels = 2, .kernel = 4}};
  options.conv_activation = Activation::kTanh;
  return options;
}

class Network : public testing::TestWithParam<CellKind> {
 protected:
  Tensor filled(const Shape& shape) {
    return upload(backend_, shape, DType::kFloat64, uniform(random_, shape.elements(), -1.0, 1.0));
  }
  std::vector<double> values(const Tensor& tensor) { return download(backend_, tensor); }
  void expect_same(const Tensor& got, const Tensor& expected, const std::string& what) {
    ASSERT_EQ(got.shape(), expected.shape()) << what;
    EXPECT_LT(relative_difference(values(got), values(expected)), 1e-13) << what;
  }

  ReferenceBackend backend_;
  Random random_{31};
};

TEST_P(Network, Gradients) {
  struct Case {
    Predict predict = Predict::kFrame;
    Guidance guide = Guidance::kNone;
  };
  for (const Case& c : {Case{}, Case{Predict::kChange}, Case{Predict::kFrame, Guidance::kExtrapolation}}) {
    for (const int patch : {1, 2}) {
      ModelOptions options = small_network(GetParam());
      options.predict = c.predict;
      options.guide = c.guide;
      options.patch = patch;
      if (patch == 2) options.levels.resize(1);
      if (patch == 1) options.head.insert(options.head.begin(), {.channels = 2, .kernel = 3, .activation = {}});
      EncoderForecaster network(backend_, DType::kFloat64, options, 1, 1);
      ParameterSet& parameters = network.parameters();
      const Tensor context = filled({2, 2, 3, 4, 1});
      const Tensor guide = network.guided() ? filled({2, 2, 3, 4, 1}) : Tensor();
      Differentiable function;
      for (const Parameter& entry : parameters.entries()) {
        function.inputs.push_back({entry.declaration.name, entry.declaration.shape, -0.7, 0.7});
      }
      function.forward = [&](const std::vector<Tensor>& in) {
        for (std::size_t i = 0; i < in.size(); ++i) backend_.copy(in[i], parameters.value(i));
        parameters.mark_changed();
        return std::vector<Tensor>{network.forward(context, 2, Mode::kTraining, guide)};
      };
      function.backward = [&](const std::vector<Tensor>& in, const std::vector<Tensor>& dout) {
        function.forward(in);
        parameters.zero_gradients();
        network.backward(dout[0]);
        std::vector<Tensor> gradients;
        for (const Parameter& entry : parameters.entries()) gradients.push_back(entry.gradient);
        return gradients;
      };
      expect_gradients(backend_, random_, "patch " + std::to_string(patch) + (guide ? " guided" : ""), function);
    }
  }
}

TEST_P(Network, InferenceEqualsTrainingAtAnyHorizon) {
  EncoderForecaster network(backend_, DType::kFloat64, small_network(GetParam()), 1, 1);
  network.initialise(Initialisation::kDefault, 3);
  const Tensor context = filled({3, 2, 5, 6, 1});
  for (const std::int64_t horizon : {1, 10, 23}) {
    const Tensor training = network.forward(context, horizon, Mode::kTraining);
    expect_same(network.forward(context, horizon, Mode::kInference), training, "horizon " + std::to_string(horizon));
  }
}

TEST_P(Network, StreamingEqualsTheWholeSequence) {
  ModelOptions options = small_network(GetParam());
  options.predict = Predict::kChange;
  EncoderForecaster network(backend_, DType::kFloat64, options, 1, 1);
  network.initialise(Initialisation::kHe, 3);
  const Tensor frames = filled({6, 1, 4, 7, 1});
  ModelState state;
  for (std::int64_t t = 0; t < 6; ++t) {
    state = network.observe(frames.range(t, t + 1), state);
    ModelState branch = state;
    const Tensor streamed = network.predict(branch, 3);
    expect_same(streamed, network.forward(frames.range(0, t + 1), 3, Mode::kTraining),
                "after frame " + std::to_string(t));
  }
  const Tensor whole = network.forward(frames, 5, Mode::kTraining);
  expect_same(network.predict(state, 2), whole.range(0, 2), "first piece");
  expect_same(network.predict(state, 3), whole.range(2, 5), "second piece");
}

TEST_P(Network, UntrainedItGivesItsGuide) {
  for (const int patch : {1, 2}) {
    ModelOptions options = small_network(GetParam());
    options.guide = Guidance::kExtrapolation;
    options.patch = patch;
    EncoderForecaster network(backend_, DType::kFloat64, options, 2, 1);
    network.initialise(Initialisation::kHe, 5);
    const Tensor guide = filled({3, 1, 5, 7, 1});
    EXPECT_EQ(values(network.forward(filled({2, 1, 5, 7, 2}), 3, Mode::kInference, guide)), values(guide));
  }
}

TEST_P(Network, GuidedItRunsInPiecesToo) {
  ModelOptions options = small_network(GetParam());
  options.guide = Guidance::kExtrapolation;
  EncoderForecaster network(backend_, DType::kFloat64, options, 1, 1);
  network.parameters().upload([&] {
    std::vector<float> weights;
    for (const double w : uniform(random_, network.parameters().elements(), -0.5, 0.5)) {
      weights.push_back(static_cast<float>(w));
    }
    return weights;
  }());
  const Tensor context = filled({3, 2, 5, 6, 1}), guide = filled({12, 2, 5, 6, 1});
  const Tensor whole = network.forward(context, 12, Mode::kTraining, guide);
  expect_same(network.forward(context, 12, Mode::kInference, guide), whole, "inference");
  ModelState state = network.observe(context, {});
  expect_same(network.predict(state, 5, guide.range(0, 5)), whole.range(0, 5), "first piece");
  expect_same(network.predict(state, 7, guide.range(5, 12)), whole.range(5, 12), "second piece");

  const Tensor dprediction = filled(whole.shape()), again = filled(whole.shape());
  const auto gradient_in_segments = [&](std::int64_t segment) {
    network.set_execution({.segment = segment});
    network.parameters().zero_gradients();
    network.forward(context, 12, Mode::kTraining, guide);
    backend_.copy(dprediction, again);
    network.backward(again);
    return values(network.parameters().gradients());
  };
  EXPECT_LT(relative_difference(gradient_in_segments(5), gradient_in_segments(0)), 1e-12);
}

TEST_P(Network, AGuideIsAskedForAndOfTheRightShape) {
  ModelOptions options = small_network(GetParam());
  EncoderForecaster plain(backend_, DType::kFloat64, options, 1, 1);
  options.guide = Guidance::kExtrapolation;
  EncoderForecaster guided(backend_, DType::kFloat64, options, 1, 1);
  const Tensor context = filled({2, 1, 4, 4, 1});
  EXPECT_THROW(plain.forward(context, 2, Mode::kInference, filled({2, 1, 4, 4, 1})), Error);
  EXPECT_THROW(guided.forward(context, 2, Mode::kInference), Error);
  EXPECT_THROW(guided.forward(context, 2, Mode::kTraining, filled({3, 1, 4, 4, 1})), Error);
}

TEST_P(Network, RunsAtSizesItWasNotMadeFor) {
  EncoderForecaster network(backend_, DType::kFloat64, small_network(GetParam()), 2, 3);
  network.initialise(Initialisation::kDefault, 1);
  for (const Shape& frame : {Shape{1, 1, 1, 2}, Shape{2, 5, 9, 2}, Shape{1, 8, 2, 2}}) {
    const Tensor prediction = network.forward(filled(frame.with_front(2)), 2, Mode::kTraining);
    EXPECT_EQ(prediction.shape(), frame.with(-1, 3).with_front(2));
    for (const double value : values(prediction)) EXPECT_TRUE(std::isfinite(value));
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Network, testing::Values(CellKind::kConvLstm, CellKind::kConvGru));

/// jhhuang96/ConvLSTM-PyTorch's network on Moving MNIST, without norm and without gate biases.
TEST(ReferenceNetwork, HasAsManyParametersAsPublished) {
  const LevelUpOptions up{.channels = 96, .kernel = 4};
  ModelOptions options;
  options.levels = {
      {.conv = {.channels = 16, .kernel = 3}, .hidden = 64, .kernel = 5, .input_kernel = 5, .up = {}},
      {.conv = {.channels = 64, .kernel = 3, .stride = 2}, .hidden = 96, .kernel = 5, .input_kernel = 5, .up = up},
      {.conv = {.channels = 96, .kernel = 3, .stride = 2}, .hidden = 96, .kernel = 5, .input_kernel = 5, .up = up}};
  options.head = {{.channels = 16, .kernel = 3, .activation = {}}, {.kernel = 1, .activation = {}}};
  options.gate_bias = false;
  options.hidden_bias = HiddenBias::kNone;
  ReferenceBackend backend;
  options.cell = CellKind::kConvLstm;
  EXPECT_EQ(EncoderForecaster(backend, DType::kFloat32, options, 1, 1).parameters().elements(), 8104481);
  options.cell = CellKind::kConvGru;
  EXPECT_EQ(EncoderForecaster(backend, DType::kFloat32, options, 1, 1).parameters().elements(), 6184481);
}

TEST(NetworkOptions, RefusesWhatAGuideMakesPointless) {
  ReferenceBackend backend;
  ModelOptions options = small_network(CellKind::kConvGru);
  options.guide = Guidance::kExtrapolation;
  options.predict = Predict::kChange;
  EXPECT_THROW(EncoderForecaster(backend, DType::kFloat32, options, 1, 1), Error);
  options.predict = Predict::kFrame;
  options.head.back().activation = Activation::kSigmoid;
  EXPECT_THROW(EncoderForecaster(backend, DType::kFloat32, options, 1, 1), Error);
}

TEST(NetworkOptions, RefusesChangeBetweenDifferentChannels) {
  ReferenceBackend backend;
  ModelOptions options = small_network(CellKind::kConvGru);
  options.predict = Predict::kChange;
  EXPECT_THROW(EncoderForecaster(backend, DType::kFloat32, options, 1, 3), Error);
}

}  // namespace
}  // namespace nextframe::test
