// The whole network against PyTorch in float64: the reference within 1e-9, backends in float32 within 1e-4 and in bf16
// within 5e-2 as a whole, which mixed_precision_test.cpp holds tighter; and the first losses of training.

#include <gtest/gtest.h>

#include <cmath>

#include "core/backend/reference/reference_backend.h"
#include "core/json/fields.h"
#include "core/loss/loss.h"
#include "core/model/encoder_forecaster.h"
#include "core/optim/optimizer.h"
#include "tests/support/backends.h"
#include "tests/support/golden.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

class GoldenNetwork {
 public:
  GoldenNetwork(Backend& backend, DType dtype, const GoldenCase& golden)
      : backend_(backend),
        dtype_(exact_of(dtype)),
        golden_(golden),
        options_(options_from_json<ModelOptions>(golden.options, golden.name)),
        network_(backend, dtype, options_, golden.at("context").shape[-1], golden.at("prediction").shape[-1]) {}

  void load_parameters() {
    std::size_t listed = 0;
    for (const auto& entry : golden_.tensors) listed += entry.first.rfind("parameter.", 0) == 0 ? 1 : 0;
    EXPECT_EQ(network_.parameters().entries().size(), listed);
    for (const Parameter& entry : network_.parameters().entries()) {
      const std::string key = "parameter." + entry.declaration.name;
      ASSERT_EQ(entry.declaration.shape, golden_.at(key).shape) << key;
      backend_.copy(tensor(key), entry.value);
    }
    network_.parameters().mark_changed();
  }

  void check_gradients(double tolerance) {
    run(tolerance);
    for (const Parameter& entry : network_.parameters().entries()) {
      expect(entry.gradient, "dparameter." + entry.declaration.name, tolerance);
    }
  }

  /// All gradients as one vector: rounding weighs more on those that are small because much cancelled in them.
  void check_whole_gradient(double tolerance) {
    run(tolerance);
    std::vector<double> expected;
    for (const Parameter& entry : network_.parameters().entries()) {
      const std::vector<double>& values = golden_.values("dparameter." + entry.declaration.name);
      expected.insert(expected.end(), values.begin(), values.end());
    }
    // Where candidates have kinks, too, each one that rounding carries over to the other side changes the gradient by itself.
    const bool kinks = options_.activation != Activation::kTanh;
    EXPECT_LT(relative_difference(download(backend_, network_.parameters().gradients()), expected),
              kinks ? 4 * tolerance : tolerance);
  }

  void check_training(double tolerance) {
    load_parameters();
    ParameterSet& parameters = network_.parameters();
    Optimizer optimizer(backend_, {.type = OptimizerRule::kAdam, .lr = 0.01}, {}, parameters.values(),
                        parameters.gradients());
    LossOptions options;
    options.mse = 1.0;
    Loss loss(backend_, dtype_, options, horizon());
    const Tensor context = tensor("context"), target = tensor("target");
    const std::vector<double>& expected = golden_.values("losses");
    ASSERT_EQ(expected.size(), 20u);
    for (std::size_t step = 0; step < expected.size(); ++step) {
      const Tensor prediction = network_.forward(context, horizon(), Mode::kTraining);
      const Tensor dprediction = backend_.allocate(prediction.shape(), dtype_);
      loss.begin();
      loss.add(prediction, target, {}, loss.valid_weight(target.shape(), {}), dprediction);
      EXPECT_LE(std::abs(loss.value() - expected[step]), tolerance * expected[step]) << "step " << step;
      parameters.zero_gradients();
      network_.backward(dprediction);
      optimizer.measure_gradient();
      optimizer.step(0.01);
      parameters.mark_changed();
    }
  }

 private:
  void run(double tolerance) {
    load_parameters();
    const Tensor context = tensor("context");
    expect(network_.forward(context, horizon(), Mode::kInference), "prediction", tolerance);
    expect(network_.forward(context, horizon(), Mode::kTraining), "prediction", tolerance);
    network_.parameters().zero_gradients();
    network_.backward(tensor("dprediction"));
  }
  std::int64_t horizon() const { return golden_.at("prediction").shape[0]; }
  Tensor tensor(const std::string& key) { return upload(backend_, golden_.at(key).shape, dtype_, golden_.values(key)); }
  void expect(const Tensor& got, const std::string& key, double tolerance) {
    EXPECT_LT(relative_difference(download(backend_, got), golden_.values(key)), tolerance) << key;
  }

  Backend& backend_;
  DType dtype_;  ///< of frames and parameters
  const GoldenCase& golden_;
  ModelOptions options_;
  EncoderForecaster network_;
};

struct Tolerances {
  double gradients = 0, losses = 0;
};

void check_all(Backend& backend, DType dtype, Tolerances tolerances) {
  int trained = 0;
  for (const GoldenCase& golden : read_golden("models")) {
    SCOPED_TRACE(golden.name);
    GoldenNetwork network(backend, dtype, golden);
    if (dtype == DType::kBFloat16) {
      network.check_whole_gradient(tolerances.gradients);
    } else {
      network.check_gradients(tolerances.gradients);
    }
    if (!golden.has("losses")) continue;
    network.check_training(tolerances.losses);
    ++trained;
  }
  EXPECT_EQ(trained, 2);
}

TEST(GoldenModels, ReferenceInDouble) {
  ReferenceBackend backend;
  check_all(backend, DType::kFloat64, {1e-9, 1e-9});
}

class GoldenModels : public testing::TestWithParam<BackendUnderTest> {};

TEST_P(GoldenModels, InFloat) { check_all(*GetParam().make(), DType::kFloat32, {1e-4, 1e-3}); }

TEST_P(GoldenModels, InBf16) { check_all(*GetParam().make(), DType::kBFloat16, {5e-2, 2e-2}); }

INSTANTIATE_TEST_SUITE_P(Backends, GoldenModels, testing::ValuesIn(backends_under_test()), BackendName());

}  // namespace
}  // namespace nextframe::test
