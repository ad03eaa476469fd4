// Stacks that feed their output back against PyTorch in float64: the reference within 1e-9, backends in float32 within 1e-4
// and in bf16 within 2e-2 as a whole; and the first losses of training.

#include <gtest/gtest.h>

#include <cmath>

#include "core/backend/reference/reference_backend.h"
#include "core/json/fields.h"
#include "core/loss/loss.h"
#include "core/model/network.h"
#include "core/optim/optimizer.h"
#include "tests/support/backends.h"
#include "tests/support/golden.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

class GoldenStack {
 public:
  GoldenStack(Backend& backend, DType dtype, const GoldenCase& golden)
      : backend_(backend),
        dtype_(exact_of(dtype)),
        golden_(golden),
        network_(make_network(backend, dtype, options_from_json<ModelOptions>(golden.options, golden.name), channels(),
                              channels())) {
    load_parameters();
  }

  void check_pass(double tolerance) {
    expect(forward(), "prediction", tolerance);
    network_->parameters().zero_gradients();
    network_->backward(tensor("dprediction"));
    std::vector<double> expected;
    for (const Parameter& entry : network_->parameters().entries()) {
      const std::vector<double>& values = golden_.values("dparameter." + entry.declaration.name);
      expected.insert(expected.end(), values.begin(), values.end());
    }
    EXPECT_LT(relative_difference(download(backend_, network_->parameters().gradients()), expected), tolerance);
  }

  void check_training(double tolerance) {
    load_parameters();
    ParameterSet& parameters = network_->parameters();
    Optimizer optimizer(backend_, {.type = OptimizerRule::kAdam, .lr = 0.01}, {}, parameters.values(),
                        parameters.gradients());
    Loss loss(backend_, dtype_, {}, steps());
    const Tensor target = tensor("frames").range(1, steps() + 1);
    for (const double expected : golden_.values("losses")) {
      const Tensor prediction = forward();
      const Tensor dprediction = backend_.allocate(prediction.shape(), dtype_);
      loss.begin();
      loss.add(prediction, target, {}, loss.valid_weight(target.shape(), {}), dprediction);
      EXPECT_LE(std::abs(loss.value() - expected), tolerance * expected);
      parameters.zero_gradients();
      network_->backward(dprediction);
      optimizer.measure_gradient();
      optimizer.step(0.01);
      parameters.mark_changed();
    }
  }

 private:
  std::int64_t channels() const { return golden_.at("frames").shape[-1]; }
  std::int64_t steps() const { return golden_.at("prediction").shape[0]; }
  Tensor tensor(const std::string& key) { return upload(backend_, golden_.at(key).shape, dtype_, golden_.values(key)); }
  void expect(const Tensor& got, const std::string& key, double tolerance) {
    EXPECT_LT(relative_difference(download(backend_, got), golden_.values(key)), tolerance) << key;
  }

  void load_parameters() {
    for (const Parameter& entry : network_->parameters().entries()) {
      const std::string key = "parameter." + entry.declaration.name;
      ASSERT_EQ(entry.declaration.shape, golden_.at(key).shape) << key;
      backend_.copy(tensor(key), entry.value);
    }
    network_->parameters().mark_changed();
  }

  Tensor forward() {
    const std::int64_t horizon = golden_.at("truth").shape[0] + 1;
    TrainingInput input{
        .frames = tensor("frames").range(0, steps()), .context = steps() + 1 - horizon, .horizon = horizon};
    for (const double choice : golden_.values("truth")) input.truth.push_back(choice > 0.5 ? 1 : 0);
    return network_->forward_training(input);
  }

  Backend& backend_;
  DType dtype_;  ///< of frames and parameters
  const GoldenCase& golden_;
  std::unique_ptr<Network> network_;
};

void check_all(Backend& backend, DType dtype, double pass, double losses) {
  int trained = 0;
  for (const GoldenCase& golden : read_golden("stacks")) {
    SCOPED_TRACE(golden.name);
    GoldenStack stack(backend, dtype, golden);
    stack.check_pass(pass);
    if (!golden.has("losses")) continue;
    stack.check_training(losses);
    ++trained;
  }
  EXPECT_GE(trained, 1);
}

TEST(GoldenStacks, ReferenceInDouble) {
  ReferenceBackend backend;
  check_all(backend, DType::kFloat64, 1e-9, 1e-9);
}

class GoldenStacks : public testing::TestWithParam<BackendUnderTest> {};

TEST_P(GoldenStacks, InFloat) { check_all(*GetParam().make(), DType::kFloat32, 1e-4, 1e-3); }

TEST_P(GoldenStacks, InBf16) { check_all(*GetParam().make(), DType::kBFloat16, 2e-2, 2e-2); }

INSTANTIATE_TEST_SUITE_P(Backends, GoldenStacks, testing::ValuesIn(backends_under_test()), BackendName());

}  // namespace
}  // namespace nextframe::test
