#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/backend/cpu/cpu_backend.h"
#include "core/backend/reference/reference_backend.h"
#include "core/base/random.h"

namespace nextframe {

/// One array on both backends.
struct Both {
  Tensor reference;
  Tensor cpu;
};

/// Runs one operation on the reference and on the CPU backend, from the same numbers, for one thread count.
class Parity : public testing::TestWithParam<int> {
 protected:
  Parity() : cpu_(make_cpu_backend({.threads = GetParam()})) {}

  Both filled(const Shape& shape, double low = -1.0, double high = 1.0) {
    std::vector<float> values(static_cast<std::size_t>(shape.elements()));
    for (float& value : values) value = static_cast<float>(random_.uniform(low, high));
    return uploaded(shape, values);
  }

  /// An output that nobody may read.
  Both poisoned(const Shape& shape) {
    return uploaded(
        shape, std::vector<float>(static_cast<std::size_t>(shape.elements()), std::numeric_limits<float>::quiet_NaN()));
  }

  /// NaN where it is overwritten, numbers where it is added to.
  Both output(const Shape& shape, Write write) { return write == Write::kOverwrite ? poisoned(shape) : filled(shape); }

  Both uploaded(const Shape& shape, const std::vector<float>& values) {
    Both both{reference_.allocate(shape, DType::kFloat32), cpu_->allocate(shape, DType::kFloat32)};
    reference_.upload(values.data(), both.reference);
    cpu_->upload(values.data(), both.cpu);
    return both;
  }

  Both scalar64() { return {reference_.zeros(Shape{1}, DType::kFloat64), cpu_->zeros(Shape{1}, DType::kFloat64)}; }

  static void expect_equal(const Both& both, const std::string& what, double tolerance = 2e-6) {
    double difference = 0.0, norm = 0.0;
    for (std::int64_t i = 0; i < both.reference.elements(); ++i) {
      const double expected = element(both.reference, i), got = element(both.cpu, i);
      difference += (expected - got) * (expected - got);
      norm += expected * expected;
    }
    EXPECT_LE(std::sqrt(difference), tolerance * std::sqrt(norm) + 1e-12) << what;
  }

  static double element(const Tensor& tensor, std::int64_t i) {
    return tensor.dtype() == DType::kFloat64 ? tensor.data<double>()[i] : static_cast<double>(tensor.data<float>()[i]);
  }

  Random random_{7};
  ReferenceBackend reference_;
  std::unique_ptr<Backend> cpu_;
};

inline std::string threads_name(const testing::TestParamInfo<int>& info) {
  return std::to_string(info.param) + (info.param == 1 ? "thread" : "threads");
}

}  // namespace nextframe
