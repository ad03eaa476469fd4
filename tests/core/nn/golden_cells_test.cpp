// Every cell against PyTorch in float64: the reference within 1e-9, backends in float32 within 1e-4 and in bf16 within
// 3e-2.

#include <gtest/gtest.h>

#include "core/backend/reference/reference_backend.h"
#include "core/json/fields.h"
#include "core/model/options.h"
#include "tests/core/nn/recurrent_run.h"
#include "tests/support/backends.h"
#include "tests/support/golden.h"

namespace nextframe::test {
namespace {

/// The options that make_golden.py writes for a cell.
struct GoldenCell {
  CellOptions cell;
  Geometry geometry;
  Activation activation = Activation::kTanh;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("cell", cell.kind, {});
    v.field("reset", cell.reset, {});
    v.field("activation", activation, {});
    v.field("hidden_bias", cell.hidden_bias, {});
    v.field("gate_bias", cell.gate_bias, {});
    v.field("peephole", cell.peephole, {});
    v.field("norm", cell.norm, {});
    v.field("input_channels", cell.input_channels, {});
    v.field("hidden_channels", cell.hidden_channels, {});
    v.field("kernel", cell.hidden_kernel, {});
    v.field("input_kernel", cell.input_kernel, {});
    v.field("dilation", cell.dilation, {});
    v.field("links", cell.links, {});
    v.field("flow_channels", cell.flow_channels, {});
    v.field("steps", geometry.steps, {});
    v.field("batch", geometry.batch, {});
    v.field("height", geometry.height, {});
    v.field("width", geometry.width, {});
  }
};

void check(Backend& backend, DType dtype, const GoldenCase& golden, double tolerance) {
  SCOPED_TRACE(golden.name);
  auto options = options_from_json<GoldenCell>(golden.options, golden.name);
  options.cell.candidate = {.kind = options.activation, .slope = 0.2};
  RecurrentRun run(backend, dtype, options.cell);
  const auto tensor = [&](const std::string& key) {
    return upload(backend, golden.at(key).shape, dtype, golden.values(key));
  };
  const auto exact_tensor = [&](const std::string& key) {
    return upload(backend, golden.at(key).shape, exact_of(dtype), golden.values(key));
  };
  const auto expect = [&](const Tensor& got, const std::string& key) {
    // The derivative by a flow jumps from pixel to pixel, and rounding takes some to the other side.
    const double allowed = key.rfind("dparameter.flow.", 0) == 0 ? 2.0 * tolerance : tolerance;
    EXPECT_LT(relative_difference(download(backend, got), golden.values(key)), allowed) << key;
  };
  const auto name_of = [](const Parameter& entry) { return entry.declaration.name.substr(std::string("rnn.").size()); };

  std::size_t listed = 0;
  for (const auto& entry : golden.tensors) listed += entry.first.rfind("parameter.", 0) == 0 ? 1 : 0;
  EXPECT_EQ(run.parameters().entries().size(), listed);
  for (const Parameter& entry : run.parameters().entries()) {
    const std::string key = "parameter." + name_of(entry);
    ASSERT_EQ(entry.declaration.shape, golden.at(key).shape) << key;
    backend.copy(exact_tensor(key), entry.value);
  }
  run.parameters().mark_changed();

  const char* names[] = {"h", "c", "m"};
  RecurrentState initial, dfinal;
  for (std::size_t i = 0; i < run.state_count(); ++i) {
    const auto state = [&](const std::string& key) { return i == 0 ? tensor(key) : exact_tensor(key); };
    initial.push_back(state(std::string("initial.") + names[i]));
    dfinal.push_back(state(std::string("dfinal.") + names[i]));
  }
  const bool has_input = golden.has("x");
  const Tensor x = has_input ? tensor("x") : Tensor();
  RecurrentState state = initial;
  expect(run.layer().forward(options.geometry, x, state), "output");
  for (std::size_t i = 0; i < state.size(); ++i) expect(state[i], std::string("final.") + names[i]);

  backend.copy(tensor("doutput"), run.layer().output_gradient());
  const RecurrentLayer::Gradients gradients = run.layer().backward(
      dfinal, [&] { return x; }, has_input ? InputGradient::kWanted : InputGradient::kNone);
  ASSERT_EQ(gradients.initial.size(), run.state_count());
  for (std::size_t i = 0; i < run.state_count(); ++i) {
    expect(gradients.initial[i], std::string("dinitial.") + names[i]);
  }
  if (has_input) expect(gradients.x, "dx");
  for (const Parameter& entry : run.parameters().entries()) expect(entry.gradient, "dparameter." + name_of(entry));
}

TEST(GoldenCells, ReferenceInDouble) {
  ReferenceBackend backend;
  for (const GoldenCase& golden : read_golden("cells")) check(backend, DType::kFloat64, golden, 1e-9);
}

class GoldenCells : public testing::TestWithParam<BackendUnderTest> {};

TEST_P(GoldenCells, InFloat) {
  const auto backend = GetParam().make();
  for (const GoldenCase& golden : read_golden("cells")) check(*backend, DType::kFloat32, golden, 1e-4);
}

TEST_P(GoldenCells, InBf16) {
  const auto backend = GetParam().make();
  for (const GoldenCase& golden : read_golden("cells")) check(*backend, DType::kBFloat16, golden, 3e-2);
}

INSTANTIATE_TEST_SUITE_P(Backends, GoldenCells, testing::ValuesIn(backends_under_test()), BackendName());

}  // namespace
}  // namespace nextframe::test
