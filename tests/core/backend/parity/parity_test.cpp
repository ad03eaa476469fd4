// Every operation in the table, on every backend in float32 and bf16, against the reference in double, both from the same
// rounded inputs. Outputs hold NaN before, stand between guards, and begin off every alignment; the inputs are new in each
// run.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>

#include "core/backend/counting/timed_backend.h"
#include "core/backend/reference/reference_backend.h"
#include "tests/core/backend/parity/operation_table.h"
#include "tests/support/backends.h"
#include "tests/support/tensors.h"

namespace nextframe::test {
namespace {

/// Elements before and behind each argument: an odd number, so that nothing is aligned beyond one element. They differ
/// from argument to argument, so that a copy that runs over shows.
constexpr std::int64_t kGuard = 17;
double guard_value(std::size_t argument) { return 12345.0 + static_cast<double>(argument); }

std::uint64_t fresh_seed() {
  static const std::uint64_t seed = [] {
    const std::uint64_t value = std::random_device()();
    std::printf("seed %llu\n", static_cast<unsigned long long>(value));
    return value;
  }();
  return seed;
}

DType type_of(const OperationArgument& argument, DType activations) {
  switch (argument.type) {
    case ArgumentType::kActivation:
      return activations;
    case ArgumentType::kExact:
    case ArgumentType::kWeights:
      return exact_of(activations);
    case ArgumentType::kFloat64:
      break;
  }
  return DType::kFloat64;
}

bool has_activations(const OperationCase& operation) {
  return std::any_of(operation.arguments.begin(), operation.arguments.end(),
                     [](const OperationArgument& argument) { return argument.type == ArgumentType::kActivation; });
}

/// The arguments of one call, in guarded buffers of one backend.
class Arguments {
 public:
  Arguments(Backend& backend, DType activations, const OperationCase& operation,
            const std::vector<std::vector<double>>& values)
      : backend_(backend), operation_(operation) {
    for (std::size_t i = 0; i < operation.arguments.size(); ++i) {
      const OperationArgument& argument = operation.arguments[i];
      std::vector<double> guarded(static_cast<std::size_t>(kGuard), guard_value(i));
      guarded.insert(guarded.end(), values[i].begin(), values[i].end());
      guarded.resize(guarded.size() + static_cast<std::size_t>(kGuard), guard_value(i));
      const std::int64_t count = argument.shape.elements();
      buffers_.push_back(upload(backend, {count + 2 * kGuard}, type_of(argument, activations), guarded));
      before_.push_back(download(backend, buffers_.back()));
      tensors_.push_back(buffers_.back().range(kGuard, kGuard + count).reshaped(argument.shape));
    }
  }

  void run() {
    operation_.run(backend_, tensors_);
    backend_.sync();
  }
  std::vector<double> result(std::size_t i) { return download(backend_, tensors_[i]); }

  void expect_nothing_else_written() {
    for (std::size_t i = 0; i < buffers_.size(); ++i) {
      const std::vector<double> after = download(backend_, buffers_[i]);
      const bool may_change = operation_.arguments[i].role != Role::kRead;
      for (std::size_t k = 0; k < after.size(); ++k) {
        const bool guard = k < static_cast<std::size_t>(kGuard) || k + static_cast<std::size_t>(kGuard) >= after.size();
        if (guard || !may_change) {
          ASSERT_EQ(after[k], before_[i][k]) << "argument " << i << (guard ? ", guard " : ", read only, ") << k;
        }
      }
    }
  }

 private:
  Backend& backend_;
  const OperationCase& operation_;
  std::vector<Tensor> buffers_;
  std::vector<Tensor> tensors_;
  std::vector<std::vector<double>> before_;
};

double rounded(double value, DType dtype) {
  return dtype == DType::kBFloat16 ? static_cast<double>(BFloat16(value))
                                   : static_cast<double>(static_cast<float>(value));
}

/// Values as the arguments of `activations` hold them, so that all precisions start from the same numbers.
std::vector<std::vector<double>> draw(const OperationCase& operation, DType activations, std::uint64_t stream) {
  Random random(fresh_seed(), stream);
  std::vector<std::vector<double>> values;
  for (const OperationArgument& argument : operation.arguments) {
    const bool poisoned = argument.role == Role::kWritten;
    values.push_back(uniform(random, argument.shape.elements(), argument.low, argument.high));
    const bool multiplied = argument.type == ArgumentType::kActivation || argument.type == ArgumentType::kWeights;
    for (double& value : values.back()) {
      value = poisoned ? std::numeric_limits<double>::quiet_NaN()
                       : rounded(value, multiplied ? activations : exact_of(activations));
    }
  }
  return values;
}

/// Relative in the Euclidean norm, but no element counts as smaller than a tenth: a sum of numbers around one may
/// cancel to almost nothing, and its rounding error stays.
double difference(const std::vector<double>& got, const std::vector<double>& expected) {
  std::vector<double> gap(got.size());
  for (std::size_t i = 0; i < gap.size(); ++i) gap[i] = got[i] - expected[i];
  return std::sqrt(dot(gap, gap) / (dot(expected, expected) + 0.01 * static_cast<double>(gap.size())));
}

class Parity : public testing::TestWithParam<BackendUnderTest> {
 protected:
  void expect_every_operation(DType activations) {
    const auto backend = GetParam().make();
    ReferenceBackend reference;
    std::uint64_t stream = 0;
    for (const OperationCase& operation : operation_table()) {
      if (activations == DType::kBFloat16 && !has_activations(operation)) continue;
      SCOPED_TRACE(operation.name + ", seed " + std::to_string(fresh_seed()));
      const std::vector<std::vector<double>> values = draw(operation, activations, ++stream);
      Arguments expected(reference, DType::kFloat64, operation, values);
      Arguments got(*backend, activations, operation, values);
      expected.run();
      got.run();
      got.expect_nothing_else_written();
      expected.expect_nothing_else_written();
      for (std::size_t i = 0; i < operation.arguments.size(); ++i) {
        if (operation.arguments[i].role == Role::kRead) continue;
        const bool narrow = type_of(operation.arguments[i], activations) == DType::kBFloat16;
        EXPECT_LT(difference(got.result(i), expected.result(i)),
                  narrow ? operation.bf16_tolerance : operation.tolerance)
            << "argument " << i;
      }
    }
  }

  void expect_the_same_bits(DType activations) {
    const auto backend = GetParam().make();
    std::uint64_t stream = 0;
    for (const OperationCase& operation : operation_table()) {
      SCOPED_TRACE(operation.name + ", seed " + std::to_string(fresh_seed()));
      const std::vector<std::vector<double>> values = draw(operation, activations, ++stream);
      Arguments first(*backend, activations, operation, values);
      Arguments second(*backend, activations, operation, values);
      first.run();
      second.run();
      for (std::size_t i = 0; i < operation.arguments.size(); ++i) ASSERT_EQ(first.result(i), second.result(i));
    }
  }
};

TEST_P(Parity, EveryOperationInFloat) { expect_every_operation(DType::kFloat32); }

TEST_P(Parity, EveryOperationInBf16) { expect_every_operation(DType::kBFloat16); }

TEST_P(Parity, TheSameCallGivesTheSameBitsInFloat) { expect_the_same_bits(DType::kFloat32); }

TEST_P(Parity, TheSameCallGivesTheSameBitsInBf16) { expect_the_same_bits(DType::kBFloat16); }

INSTANTIATE_TEST_SUITE_P(Backends, Parity, testing::ValuesIn(backends_under_test()), BackendName());

// Each of its operations must reach the same operation of the backend within.
const BackendUnderTest kTimed{"timed",
                              [] { return std::make_unique<TimedBackend>(std::make_unique<ReferenceBackend>()); }};
INSTANTIATE_TEST_SUITE_P(Measuring, Parity, testing::Values(kTimed), BackendName());

}  // namespace
}  // namespace nextframe::test
