#include "core/model/stack_pair.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/backend/counting/counting_backend.h"
#include "core/backend/reference/reference_backend.h"
#include "core/base/error.h"
#include "tests/support/gradients.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

ModelOptions pair_options(CellKind cell) {
  ModelOptions options;
  options.architecture = Architecture::kStackPair;
  options.cell = cell;
  options.peephole = cell == CellKind::kConvLstm;
  options.patch = 2;
  options.levels = {{.conv = {}, .hidden = 3, .kernel = 3, .up = {}}, {.conv = {}, .hidden = 2, .kernel = 3, .up = {}}};
  options.head = {{.channels = 2, .kernel = 1, .activation = Activation::kTanh},
                  {.kernel = 1, .activation = Activation::kSigmoid}};
  return options;
}

class Pair : public testing::TestWithParam<CellKind> {
 protected:
  Tensor filled(const Shape& shape) {
    return upload(backend_, shape, DType::kFloat64, uniform(random_, shape.elements(), -1.0, 1.0));
  }
  void expect_same(const Tensor& got, const Tensor& expected, const std::string& what) {
    ASSERT_EQ(got.shape(), expected.shape()) << what;
    EXPECT_LT(relative_difference(download(backend_, got), download(backend_, expected)), 1e-13) << what;
  }

  ReferenceBackend backend_;
  Random random_{71};
};

TEST_P(Pair, Gradients) {
  StackPair network(backend_, DType::kFloat64, pair_options(GetParam()), 2, 1);
  ParameterSet& parameters = network.parameters();
  const Tensor context = filled({2, 2, 3, 4, 2});
  Differentiable function;
  for (const Parameter& entry : parameters.entries()) {
    function.inputs.push_back({entry.declaration.name, entry.declaration.shape, -0.7, 0.7});
  }
  function.forward = [&](const std::vector<Tensor>& in) {
    for (std::size_t i = 0; i < in.size(); ++i) backend_.copy(in[i], parameters.value(i));
    parameters.mark_changed();
    return std::vector<Tensor>{network.forward(context, 2, Mode::kTraining)};
  };
  function.backward = [&](const std::vector<Tensor>& in, const std::vector<Tensor>& dout) {
    function.forward(in);
    parameters.zero_gradients();
    network.backward(dout[0]);
    std::vector<Tensor> gradients;
    for (const Parameter& entry : parameters.entries()) gradients.push_back(entry.gradient);
    return gradients;
  };
  expect_gradients(backend_, random_, "stack pair", function);
}

TEST_P(Pair, StreamsAnyHorizonInPieces) {
  StackPair network(backend_, DType::kFloat64, pair_options(GetParam()), 1, 1);
  network.initialise(Initialisation::kDefault, 3);
  const Tensor frames = filled({4, 2, 4, 7, 1});
  const Tensor whole = network.forward(frames, 5, Mode::kTraining);
  for (const std::int64_t chunk : {1, 2, 10}) {
    network.set_execution({.forecast_chunk = chunk, .tile_rows = chunk});
    ModelState state = network.observe(frames.range(0, 1), {});
    state = network.observe(frames.range(1, 4), state);
    expect_same(network.predict(state, 2), whole.range(0, 2), "first piece");
    expect_same(network.predict(state, 3), whole.range(2, 5), "second piece");
  }
}

INSTANTIATE_TEST_SUITE_P(Cells, Pair, testing::Values(CellKind::kConvLstm, CellKind::kConvGru));

TEST(StackPair, KeepsNothingAfterAPass) {
  CountingBackend counting;
  StackPair network(counting, DType::kFloat32, pair_options(CellKind::kConvLstm), 1, 1);
  const std::size_t before = counting.memory().live_bytes();
  {
    const Tensor context = counting.allocate({3, 2, 8, 8, 1}, DType::kFloat32);
    const Tensor prediction = network.forward(context, 3, Mode::kTraining);
    network.backward(counting.allocate(prediction.shape(), DType::kFloat32));
  }
  EXPECT_EQ(counting.memory().live_bytes(), before);
  EXPECT_THROW(network.backward(counting.allocate({3, 2, 8, 8, 1}, DType::kFloat32)), Error);
}

}  // namespace
}  // namespace nextframe::test
