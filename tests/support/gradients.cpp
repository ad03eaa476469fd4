#include "tests/support/gradients.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/tensors.h"

namespace nextframe::test {

namespace {

constexpr double kStep = 1e-4;

using Values = std::vector<std::vector<double>>;

Values draw(Random& random, const std::vector<DifferentiableInput>& inputs) {
  Values values;
  for (const DifferentiableInput& input : inputs) {
    values.push_back(uniform(random, input.shape.elements(), input.low, input.high));
    if (input.draw == Draw::kUniform) continue;
    for (double& value : values.back()) value = random.below(2) == 0 ? value : -value;
  }
  return values;
}

std::vector<Tensor> tensors(Backend& backend, const std::vector<DifferentiableInput>& inputs, const Values& values) {
  std::vector<Tensor> result;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    result.push_back(upload(backend, inputs[i].shape, DType::kFloat64, values[i]));
  }
  return result;
}

}  // namespace

void expect_gradients(Backend& backend, Random& random, const std::string& what, const Differentiable& function,
                      double tolerance) {
  Values values = draw(random, function.inputs);
  const auto outputs_at = [&] { return function.forward(tensors(backend, function.inputs, values)); };

  Values weights;
  std::vector<Tensor> douts;
  for (const Tensor& output : outputs_at()) {
    weights.push_back(uniform(random, output.elements(), -1.0, 1.0));
    douts.push_back(upload(backend, output.shape(), DType::kFloat64, weights.back()));
  }
  const auto objective = [&] {
    const std::vector<Tensor> outputs = outputs_at();
    double sum = 0.0;
    for (std::size_t k = 0; k < outputs.size(); ++k) sum += dot(download(backend, outputs[k]), weights[k]);
    return sum;
  };

  const std::vector<Tensor> gradients = function.backward(tensors(backend, function.inputs, values), douts);
  ASSERT_EQ(gradients.size(), function.inputs.size()) << what;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i]) continue;
    std::vector<double> differences;
    for (double& element : values[i]) {
      const double centre = element;
      const auto at = [&](double steps) {
        element = centre + steps * kStep;
        return objective();
      };
      differences.push_back((8.0 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12.0 * kStep));
      element = centre;
    }
    const double difference = relative_difference(download(backend, gradients[i]), differences);
    EXPECT_LT(difference, tolerance) << what << ": gradient of " << function.inputs[i].name;
    EXPECT_GT(dot(differences, differences), 0.0) << what << ": " << function.inputs[i].name << " has no influence";
  }
}

}  // namespace nextframe::test
