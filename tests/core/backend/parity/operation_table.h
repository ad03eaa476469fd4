#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/backend/backend.h"

namespace nextframe::test {

/// What an operation does to an argument.
enum class Role {
  kRead,
  kWritten,  ///< holds NaN before
  kUpdated,  ///< read and written
};

/// Which type an argument has beside activations of a type; see exact_of().
enum class ArgumentType {
  kActivation,
  kExact,
  kWeights,  ///< exact, and multiplied as rounded to the activations' type
  kFloat64,  ///< whatever the others are
};

struct OperationArgument {
  Role role = Role::kRead;
  Shape shape;
  double low = -1.0;
  double high = 1.0;
  ArgumentType type = ArgumentType::kActivation;
};

/// One call of one operation of the seam.
struct OperationCase {
  std::string name;
  std::vector<OperationArgument> arguments;
  std::function<void(Backend&, const std::vector<Tensor>&)> run;
  double tolerance = 1e-5;  ///< float32 against double, relative in the Euclidean norm
  /// The same of bf16 results, which are rounded once, to 8 bits; exact results beside bf16 are held to `tolerance`.
  double bf16_tolerance = 4e-3;
};

/// Every operation, over odd sizes, one channel, batch one, channels beside the vector widths, strides, dilations and
/// even kernels, overwriting and accumulating.
std::vector<OperationCase> operation_table();

}  // namespace nextframe::test
