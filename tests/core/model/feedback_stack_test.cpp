#include "core/model/feedback_stack.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/backend/counting/counting_backend.h"
#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"
#include "tests/support/gradients.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

struct StackCase {
  std::string name;
  ModelOptions options;
};

std::vector<StackCase> stack_cases() {
  ModelOptions lstm;
  lstm.architecture = Architecture::kStack;
  lstm.cell = CellKind::kConvLstm;
  lstm.levels = {{.conv = {}, .hidden = 3, .kernel = 3, .up = {}}, {.conv = {}, .hidden = 2, .kernel = 3, .up = {}}};
  lstm.head = {{.kernel = 1, .bias = false, .activation = {}}};
  lstm.patch = 2;
  ModelOptions normed = lstm;
  normed.norm = Norm::kGroup;
  normed.peephole = true;
  normed.head = {{.channels = 2, .kernel = 3, .activation = Activation::kTanh},
                 {.kernel = 1, .activation = Activation::kSigmoid}};
  ModelOptions after = lstm;
  after.cell = CellKind::kConvGru;
  after.patch = 1;
  ModelOptions before = after;
  before.reset = Reset::kBefore;
  before.norm = Norm::kGroup;
  ModelOptions st_lstm = lstm;
  st_lstm.cell = CellKind::kStLstm;
  st_lstm.levels = {3, {.conv = {}, .hidden = 2, .kernel = 3, .up = {}}};
  ModelOptions alone = st_lstm;
  alone.levels.resize(1);
  return {{"st_lstm", st_lstm}, {"st_lstm_of_one_layer", alone}, {"lstm", lstm}, {"lstm_norm_head", normed},
          {"gru_after", after}, {"gru_before", before}};
}

class Stack : public testing::TestWithParam<StackCase> {
 protected:
  static constexpr std::int64_t kContext = 3, kHorizon = 3, kSteps = kContext + kHorizon - 1, kSequences = 2;

  Tensor filled(const Shape& shape) {
    return upload(backend_, shape, DType::kFloat64, uniform(random_, shape.elements(), -1.0, 1.0));
  }
  std::vector<double> values(const Tensor& tensor) { return download(backend_, tensor); }
  void expect_same(const Tensor& got, const Tensor& expected, const std::string& what) {
    ASSERT_EQ(got.shape(), expected.shape()) << what;
    EXPECT_LT(relative_difference(values(got), values(expected)), 1e-13) << what;
  }
  /// Weights large enough that what is fed back matters.
  void fill_parameters(Network& network) {
    for (const Parameter& entry : network.parameters().entries()) {
      backend_.copy(filled(entry.value.shape()), entry.value);
    }
    network.parameters().mark_changed();
  }
  /// One sequence gets its own frame first and then the true one, the other the other way round.
  TrainingInput sampled(const Tensor& frames) const {
    return {.frames = frames, .context = kContext, .horizon = kHorizon, .truth = {0, 1, 1, 0}};
  }

  ReferenceBackend backend_;
  Random random_{53};
};

TEST_P(Stack, GradientsThroughWhatIsFedBack) {
  for (const bool free : {false, true}) {
    FeedbackStack network(backend_, DType::kFloat64, GetParam().options, 1, 1);
    ParameterSet& parameters = network.parameters();
    const Tensor frames = filled({free ? kContext : kSteps, kSequences, 3, 4, 1});
    const TrainingInput input =
        free ? TrainingInput{.frames = frames, .context = kContext, .horizon = kHorizon} : sampled(frames);
    Differentiable function;
    for (const Parameter& entry : parameters.entries()) {
      function.inputs.push_back({entry.declaration.name, entry.declaration.shape, -0.7, 0.7});
    }
    function.forward = [&](const std::vector<Tensor>& in) {
      for (std::size_t i = 0; i < in.size(); ++i) backend_.copy(in[i], parameters.value(i));
      parameters.mark_changed();
      return std::vector<Tensor>{network.forward_training(input)};
    };
    function.backward = [&](const std::vector<Tensor>& in, const std::vector<Tensor>& dout) {
      function.forward(in);
      parameters.zero_gradients();
      network.backward(dout[0]);
      std::vector<Tensor> gradients;
      for (const Parameter& entry : parameters.entries()) gradients.push_back(entry.gradient);
      return gradients;
    };
    expect_gradients(backend_, random_, free ? "all fed back" : "sampled", function);
  }
}

TEST_P(Stack, SegmentsGiveTheSameGradients) {
  FeedbackStack network(backend_, DType::kFloat64, GetParam().options, 1, 1);
  fill_parameters(network);
  const Tensor frames = filled({kSteps, kSequences, 3, 5, 1});
  const Tensor dprediction = filled({kSteps, kSequences, 3, 5, 1});
  const auto run = [&](std::int64_t segment) {
    network.set_execution({.segment = segment});
    network.parameters().zero_gradients();
    std::vector<double> result = values(network.forward_training(sampled(frames)));
    const Tensor again = backend_.allocate(dprediction.shape(), DType::kFloat64);
    backend_.copy(dprediction, again);
    network.backward(again);
    const std::vector<double> gradients = values(network.parameters().gradients());
    result.insert(result.end(), gradients.begin(), gradients.end());
    return result;
  };
  const std::vector<double> whole = run(0);
  for (const std::int64_t segment : {1, 2, 3, 4, 7}) {
    EXPECT_LT(relative_difference(run(segment), whole), 1e-12) << "segments of " << segment;
  }
}

TEST_P(Stack, ForecastsAreWhatTrainingPredictsFromItsOwnFrames) {
  FeedbackStack network(backend_, DType::kFloat64, GetParam().options, 1, 1);
  fill_parameters(network);
  const Tensor frames = filled({kContext, kSequences, 5, 6, 1});
  for (const std::int64_t horizon : {1, 4, 9}) {
    const Tensor training = network.forward(frames, horizon, Mode::kTraining);
    ASSERT_EQ(training.dimension(0), kContext + horizon - 1);
    expect_same(network.forward(frames, horizon, Mode::kInference), training.range(kContext - 1, training.dimension(0)),
                "horizon " + std::to_string(horizon));
  }
}

TEST_P(Stack, WithTheTruthEachStepIsAForecastOfOneFrame) {
  FeedbackStack network(backend_, DType::kFloat64, GetParam().options, 1, 1);
  fill_parameters(network);
  const Tensor frames = filled({kSteps, kSequences, 4, 6, 1});
  TrainingInput input = sampled(frames);
  input.truth.assign(input.truth.size(), 1);
  const Tensor training = network.forward_training(input);
  ModelState state;
  for (std::int64_t t = 0; t < kSteps; ++t) {
    state = network.observe(frames.range(t, t + 1), state);
    ModelState branch = state;
    expect_same(network.predict(branch, 1), training.range(t, t + 1), "step " + std::to_string(t));
  }
}

TEST_P(Stack, StreamsAnyHorizonInPieces) {
  FeedbackStack network(backend_, DType::kFloat64, GetParam().options, 1, 1);
  fill_parameters(network);
  const Tensor frames = filled({5, kSequences, 4, 7, 1});
  const Tensor whole = network.forward(frames, 6, Mode::kInference);
  for (const std::int64_t chunk : {1, 2, 10}) {
    for (const std::int64_t rows : {1, 2, 100}) {
      network.set_execution({.forecast_chunk = chunk, .tile_rows = rows});
      ModelState state = network.observe(frames.range(0, 2), {});
      state = network.observe(frames.range(2, 5), state);
      const std::string what = "chunk " + std::to_string(chunk) + ", rows " + std::to_string(rows);
      expect_same(network.predict(state, 2), whole.range(0, 2), what);
      expect_same(network.predict(state, 1), whole.range(2, 3), what);
      expect_same(network.predict(state, 3), whole.range(3, 6), what);
    }
  }
  // A frame that comes takes the place of the network's own.
  network.set_execution({});
  ModelState state = network.observe(frames.range(0, 3), {});
  ModelState branch = state;
  network.predict(branch, 1);
  branch = network.observe(frames.range(3, 5), branch);
  expect_same(network.predict(branch, 6), whole, "after a forecast");
}

TEST_P(Stack, SequencesSideBySideAreSequencesOneByOne) {
  FeedbackStack network(backend_, DType::kFloat64, GetParam().options, 1, 1);
  fill_parameters(network);
  const Tensor frames = filled({kContext, kSequences, 4, 6, 1});
  const std::vector<double> whole = values(network.forward(frames, 3, Mode::kInference));
  const std::vector<double> all = values(frames);
  const std::size_t frame = 4 * 6;
  for (std::size_t n = 0; n < kSequences; ++n) {
    std::vector<double> alone, expected;
    for (std::size_t t = 0; t < kContext; ++t) {
      const auto first = all.begin() + static_cast<std::ptrdiff_t>((t * kSequences + n) * frame);
      alone.insert(alone.end(), first, first + frame);
    }
    for (std::size_t t = 0; t < 3; ++t) {
      const auto first = whole.begin() + static_cast<std::ptrdiff_t>((t * kSequences + n) * frame);
      expected.insert(expected.end(), first, first + frame);
    }
    const Tensor one = upload(backend_, {kContext, 1, 4, 6, 1}, DType::kFloat64, alone);
    EXPECT_LT(relative_difference(values(network.forward(one, 3, Mode::kInference)), expected), 1e-13);
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Stack, testing::ValuesIn(stack_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(StackMemory, OfAForecastGrowsByItsFramesAlone) {
  CountingBackend counting;
  FeedbackStack network(counting, DType::kFloat32, stack_cases().front().options, 1, 1);
  const auto peak = [&](std::int64_t frames, std::int64_t horizon) {
    const Tensor context = counting.allocate({frames, 1, 16, 16, 1}, DType::kFloat32);
    counting.restart();
    const std::size_t before = counting.memory().live_bytes();
    const Tensor prediction = network.forward(context, horizon, Mode::kInference);
    // In patches and in pixels.
    return static_cast<std::int64_t>(counting.memory().peak().bytes - before - 2 * prediction.bytes());
  };
  EXPECT_LE(peak(100, 70), peak(20, 20));
}

TEST(StackMemory, NothingIsKeptAfterAPass) {
  CountingBackend counting;
  for (const StackCase& c : stack_cases()) {
    FeedbackStack network(counting, DType::kFloat32, c.options, 1, 1);
    const std::size_t before = counting.memory().live_bytes();
    {
      const Tensor context = counting.allocate({3, 2, 8, 8, 1}, DType::kFloat32);
      const Tensor prediction = network.forward(context, 3, Mode::kTraining);
      network.backward(counting.allocate(prediction.shape(), DType::kFloat32));
    }
    EXPECT_EQ(counting.memory().live_bytes(), before) << c.name;
  }
}

TEST(StackOptions, RefusesWhatCannotBeFedBack) {
  ReferenceBackend backend;
  const ModelOptions options = stack_cases().back().options;
  EXPECT_THROW(FeedbackStack(backend, DType::kFloat32, options, 2, 1), Error);
  FeedbackStack network(backend, DType::kFloat32, options, 1, 1);
  const Tensor frames = backend.zeros({2, 1, 4, 4, 1}, DType::kFloat32);
  EXPECT_THROW(network.backward(frames), Error);
  EXPECT_THROW(network.forward_training({.frames = frames, .context = 2, .horizon = 3, .truth = {1, 0}}), Error);
  EXPECT_THROW(network.forward_training({.frames = frames, .context = 2, .horizon = 1, .truth = {1}}), Error);
  EXPECT_THROW(network.forward(frames, 2, Mode::kInference, frames), Error);
}

TEST(StackOptions, AllProblemsAtOnce) {
  ModelOptions options = stack_cases().front().options;
  options.levels[1].conv.stride = 2;
  options.levels[1].up.kernel = 4;
  options.predict = Predict::kChange;
  options.coordinates = true;
  const std::vector<std::string> problems = find_problems(options, 0, 0);
  for (const char* path : {"model.levels[1].conv", "model.levels[1].up", "model.predict", "model.coordinates"}) {
    const bool found = std::any_of(problems.begin(), problems.end(),
                                   [&](const std::string& problem) { return problem.starts_with(path); });
    EXPECT_TRUE(found) << path;
  }
}

}  // namespace
}  // namespace nextframe::test
