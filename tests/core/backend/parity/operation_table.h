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

struct OperationArgument {
  Role role = Role::kRead;
  Shape shape;
  double low = -1.0;
  double high = 1.0;
  bool always_double = false;  ///< float64 whatever the others are
};

/// One call of one operation of the seam.
struct OperationCase {
  std::string name;
  std::vector<OperationArgument> arguments;
  std::function<void(Backend&, const std::vector<Tensor>&)> run;
  double tolerance = 1e-5;  ///< float32 against double, relative in the Euclidean norm
};

/// Every operation, over odd sizes, one channel, batch one, channels beside the vector widths, strides, dilations and
/// even kernels, overwriting and accumulating.
std::vector<OperationCase> operation_table();

}  // namespace nextframe::test
