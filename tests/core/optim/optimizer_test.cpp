#include "core/optim/optimizer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/backend/reference/reference_backend.h"
#include "core/optim/weight_average.h"

namespace nextframe {
namespace {

class OptimizerTest : public testing::Test {
 protected:
  OptimizerTest() {
    values_ = backend_.allocate({3}, DType::kFloat64);
    gradients_ = backend_.allocate({3}, DType::kFloat64);
    set(values_, {1, -2, 0.5});
  }

  void set(const Tensor& tensor, const std::vector<double>& values) { backend_.upload(values.data(), tensor); }
  std::vector<double> get(const Tensor& tensor) {
    std::vector<double> values(3);
    backend_.download(tensor, values.data());
    return values;
  }

  /// Three steps with gradients (0.3, -4, 0.02) times 1, 2, 3, as PyTorch 1.13 does them in float64.
  void expect_after_three_steps(const OptimizerOptions& options, const GradientClipping& clipping,
                                const std::vector<double>& expected, double tolerance) {
    Optimizer optimizer(backend_, options, clipping, values_, gradients_);
    for (int i = 1; i <= 3; ++i) {
      set(gradients_, {0.3 * i, -4.0 * i, 0.02 * i});
      EXPECT_NEAR(optimizer.measure_gradient(), i * std::sqrt(0.09 + 16 + 0.0004), 1e-12);
      optimizer.step(options.lr);
    }
    const std::vector<double> got = get(values_);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(got[i], expected[i], tolerance) << i;
    EXPECT_EQ(optimizer.steps(), 3);
  }

  ReferenceBackend backend_;
  Tensor values_;
  Tensor gradients_;
};

TEST_F(OptimizerTest, Adam) {
  expect_after_three_steps({.type = OptimizerRule::kAdam, .lr = 0.1, .weight_decay = 0.01}, {},
                           {0.70730509202493, -1.7076264772261, 0.2050668464967}, 1e-12);
}

TEST_F(OptimizerTest, AdamW) {
  expect_after_three_steps({.type = OptimizerRule::kAdamW, .lr = 0.1, .weight_decay = 0.01}, {},
                           {0.7049810990475, -1.7019840917233, 0.20647969526431}, 1e-12);
}

TEST_F(OptimizerTest, RmsProp) {
  expect_after_three_steps({.type = OptimizerRule::kRmsProp, .lr = 0.1, .momentum = 0.9}, {},
                           {-4.2146168930299, 3.2146180297711, -4.7145996883694}, 1e-11);
}

TEST_F(OptimizerTest, SgdWithMomentum) {
  expect_after_three_steps({.type = OptimizerRule::kSgd, .lr = 0.1, .momentum = 0.9, .weight_decay = 0.01}, {},
                           {0.709268769, 1.812890802, 0.4781889975}, 1e-12);
}

// PyTorch adds 1e-6 to the norm, hence the tolerance.
TEST_F(OptimizerTest, ClipsByNormThenByValue) {
  expect_after_three_steps({.type = OptimizerRule::kSgd, .lr = 0.1}, {.norm = 2, .value = 1.5},
                           {0.95512659566805, -1.55, 0.4970084397112}, 1e-6);
}

TEST_F(OptimizerTest, AGradientBelowTheLimitStaysAsItIs) {
  Optimizer optimizer(backend_, {.type = OptimizerRule::kSgd}, {.norm = 100, .value = 100}, values_, gradients_);
  set(gradients_, {1, 2, 3});
  optimizer.measure_gradient();
  optimizer.step(0.5);
  EXPECT_EQ(get(values_), (std::vector<double>{0.5, -3, -1}));
}

TEST_F(OptimizerTest, KeepsOnlyTheMomentsOfItsRule) {
  const auto moments = [&](const OptimizerOptions& options) {
    const Optimizer optimizer(backend_, options, {}, values_, gradients_);
    return std::pair(static_cast<bool>(optimizer.first_moment()), static_cast<bool>(optimizer.second_moment()));
  };
  EXPECT_EQ(moments({.type = OptimizerRule::kAdam}), std::pair(true, true));
  EXPECT_EQ(moments({.type = OptimizerRule::kRmsProp}), std::pair(false, true));
  EXPECT_EQ(moments({.type = OptimizerRule::kSgd}), std::pair(false, false));
  EXPECT_EQ(moments({.type = OptimizerRule::kSgd, .momentum = 0.9}), std::pair(true, false));
}

TEST_F(OptimizerTest, WeightAverageFollowsTheWeights) {
  WeightAverage average(backend_, 0.9, values_);
  double expected = 1;
  for (int step = 1; step <= 200; ++step) {
    set(values_, {1.0 * step, 0, 0});
    average.update(step);
    const double decay = std::min(0.9, (1.0 + step) / (10.0 + step));
    expected = decay * expected + (1 - decay) * step;
  }
  EXPECT_NEAR(get(average.average())[0], expected, 1e-9);
  average.swap();
  EXPECT_NEAR(get(values_)[0], expected, 1e-9);
  EXPECT_EQ(get(average.average())[0], 200);
  average.swap();
  EXPECT_EQ(get(values_)[0], 200);
}

}  // namespace
}  // namespace nextframe
