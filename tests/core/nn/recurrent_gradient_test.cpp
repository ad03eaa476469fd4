// Every cell in the table, over several steps, against finite differences: parameters, inputs and initial states.

#include <gtest/gtest.h>

#include "core/backend/reference/reference_backend.h"
#include "tests/core/nn/recurrent_run.h"
#include "tests/support/gradients.h"

namespace nextframe::test {
namespace {

enum class Start { kZero, kGiven };

/// inputs: parameters in their order, x where the cell has one, the initial state where it is given;
/// outputs: all h, then the final state.
Differentiable recurrent_function(Backend& backend, RecurrentRun& run, const Geometry& geometry, Start start) {
  const CellOptions& options = run.layer().options();
  const bool has_input = options.input_channels > 0;
  Differentiable function;
  for (const Parameter& entry : run.parameters().entries()) {
    function.inputs.push_back({entry.declaration.name, entry.declaration.shape, -0.7, 0.7});
  }
  const std::size_t parameters = function.inputs.size();
  if (has_input) function.inputs.push_back({"x", geometry.sequence(options.input_channels)});
  const std::size_t first_state = function.inputs.size();
  if (start == Start::kGiven) {
    for (std::size_t i = 0; i < run.state_count(); ++i) {
      function.inputs.push_back({"initial state " + std::to_string(i), geometry.step(options.hidden_channels)});
    }
  }
  function.forward = [=, &backend, &run](const std::vector<Tensor>& in) {
    for (std::size_t i = 0; i < parameters; ++i) backend.copy(in[i], run.parameters().value(i));
    run.parameters().mark_changed();
    RecurrentState state(in.begin() + static_cast<std::ptrdiff_t>(first_state), in.end());
    std::vector<Tensor> out{run.layer().forward(geometry, has_input ? in[parameters] : Tensor(), state)};
    out.insert(out.end(), state.begin(), state.end());
    return out;
  };
  function.backward = [=, &backend, &run](const std::vector<Tensor>& in, const std::vector<Tensor>& dout) {
    function.forward(in);
    run.parameters().zero_gradients();
    backend.copy(dout[0], run.layer().output_gradient());
    const RecurrentLayer::Gradients given = run.layer().backward(
        {dout.begin() + 1, dout.end()}, [&] { return has_input ? in[parameters] : Tensor(); },
        has_input ? InputGradient::kWanted : InputGradient::kNone);
    std::vector<Tensor> gradients;
    for (std::size_t i = 0; i < parameters; ++i) gradients.push_back(run.parameters().gradient(i));
    if (has_input) gradients.push_back(given.x);
    gradients.insert(gradients.end(), given.initial.begin(), given.initial.end());
    return gradients;
  };
  return function;
}

void check(const std::string& name, const CellOptions& options, const Geometry& geometry, Start start) {
  ReferenceBackend backend;
  RecurrentRun run(backend, DType::kFloat64, options);
  Random random(3);
  expect_gradients(backend, random, name, recurrent_function(backend, run, geometry, start));
}

class RecurrentGradient : public testing::TestWithParam<CellVariant> {};

TEST_P(RecurrentGradient, FromAGivenState) {
  check(GetParam().name, GetParam().options, {.steps = 3, .batch = 2, .height = 3, .width = 2}, Start::kGiven);
}

TEST_P(RecurrentGradient, FromZero) {
  check(GetParam().name, GetParam().options, {.steps = 2, .batch = 1, .height = 2, .width = 3}, Start::kZero);
}

TEST_P(RecurrentGradient, WithoutInput) {
  CellOptions options = GetParam().options;
  options.input_channels = 0;
  check(GetParam().name, options, {.steps = 3, .batch = 1, .height = 3, .width = 2}, Start::kGiven);
}

TEST_P(RecurrentGradient, DilatedAndUnequalKernels) {
  CellOptions options = GetParam().options;
  options.dilation = 2;
  options.input_kernel = 1;
  check(GetParam().name, options, {.steps = 2, .batch = 1, .height = 4, .width = 3}, Start::kGiven);
}

std::string test_name(const testing::TestParamInfo<CellVariant>& info) {
  std::string name = info.param.name;
  for (char& letter : name) letter = letter == ' ' ? '_' : letter;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Cells, RecurrentGradient, testing::ValuesIn(cell_variants()), test_name);

}  // namespace
}  // namespace nextframe::test
