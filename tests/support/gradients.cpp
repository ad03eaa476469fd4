#include "tests/support/gradients.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/tensors.h"

namespace nextframe::test {

namespace {

constexpr double kStep = 1e-4;
constexpr int kAttempts = 4;

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

/// Of fourth order: (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h, with `f` a function of what `x` refers to.
double central_difference(double& x, double step, const std::function<double()>& f) {
  const double centre = x;
  const auto at = [&](double steps) {
    x = centre + steps * step;
    return f();
  };
  const double difference = (8.0 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12.0 * step);
  x = centre;
  return difference;
}

/// Whether the adjoint could be compared; not where a kink came close to too many elements.
bool compare(Backend& backend, Random& random, const std::string& what, const Differentiable& function,
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
  EXPECT_EQ(gradients.size(), function.inputs.size()) << what;
  if (gradients.size() != function.inputs.size()) return true;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    if (!gradients[i]) continue;
    const std::vector<double> gradient = download(backend, gradients[i]);
    std::vector<double> got, expected;
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      const double wide = central_difference(values[i][k], kStep, objective);
      // Where two step lengths disagree, a kink lies between the points; asked only where there is something to explain.
      const double tiny = 1e-7 * (1.0 + std::abs(wide));
      const bool agrees = std::abs(wide - gradient[k]) <= tiny;
      if (!agrees && std::abs(wide - central_difference(values[i][k], 0.25 * kStep, objective)) > tiny) continue;
      got.push_back(gradient[k]);
      expected.push_back(wide);
    }
    if (20 * got.size() < 19 * gradient.size()) return false;
    EXPECT_LT(relative_difference(got, expected), tolerance) << what << ": gradient of " << function.inputs[i].name;
    EXPECT_GT(dot(expected, expected), 0.0) << what << ": " << function.inputs[i].name << " has no influence";
  }
  return true;
}

}  // namespace

void expect_gradients(Backend& backend, Random& random, const std::string& what, const Differentiable& function,
                      double tolerance) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (compare(backend, random, what, function, tolerance)) return;
  }
  FAIL() << what << ": a kink too close in " << kAttempts << " draws";
}

}  // namespace nextframe::test
