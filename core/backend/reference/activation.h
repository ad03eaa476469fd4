#pragma once

#include <cmath>

#include "core/backend/specs.h"

namespace nextframe::reference {

inline double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

/// y = activation(x). A NaN stays a NaN.
inline double activated(const ActivationSpec& spec, double x) {
  switch (spec.kind) {
    case Activation::kNone:
      return x;
    case Activation::kRelu:
      return x < 0.0 ? 0.0 : x;
    case Activation::kLeaky:
      return x < 0.0 ? spec.slope * x : x;
    case Activation::kTanh:
      return std::tanh(x);
    case Activation::kSigmoid:
      return sigmoid(x);
  }
  return x;
}

/// dy/dx as a function of y. At the kinks of kRelu and kLeaky (y = 0) the derivative from the left, as in PyTorch.
inline double activation_derivative(const ActivationSpec& spec, double y) {
  switch (spec.kind) {
    case Activation::kNone:
      return 1.0;
    case Activation::kRelu:
      return y > 0.0 ? 1.0 : 0.0;
    case Activation::kLeaky:
      return y > 0.0 ? 1.0 : spec.slope;
    case Activation::kTanh:
      return 1.0 - y * y;
    case Activation::kSigmoid:
      return y * (1.0 - y);
  }
  return 1.0;
}

}  // namespace nextframe::reference
