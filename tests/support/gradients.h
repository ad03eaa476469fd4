#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/random.h"

namespace nextframe::test {

/// How the elements of an input are drawn.
enum class Draw {
  kUniform,     ///< in low .. high
  kEitherSign,  ///< the same with a random sign: away from a kink at zero
};

struct DifferentiableInput {
  std::string name;
  Shape shape;
  double low = -1.0;
  double high = 1.0;
  Draw draw = Draw::kUniform;
};

/// A function of float64 tensors with a hand-written adjoint. Both callbacks may write over the tensors that they are
/// given.
struct Differentiable {
  std::vector<DifferentiableInput> inputs;
  /// inputs -> outputs
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> forward;
  /// inputs, gradients of the outputs -> gradients of the inputs; an empty tensor for an input that has none.
  std::function<std::vector<Tensor>(const std::vector<Tensor>&, const std::vector<Tensor>&)> backward;
};

/// Compares the adjoint with central differences of fourth order: for every input the norm of the difference over the
/// norm of the gradient has to stay below `tolerance`.
void expect_gradients(Backend& backend, Random& random, const std::string& what, const Differentiable& function,
                      double tolerance = 1e-6);

}  // namespace nextframe::test
