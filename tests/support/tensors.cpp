#include "tests/support/tensors.h"

#include <cmath>
#include <limits>

namespace nextframe::test {

Tensor upload(Backend& backend, const Shape& shape, DType dtype, const std::vector<double>& values) {
  const Tensor tensor = backend.allocate(shape, dtype);
  if (dtype == DType::kFloat64) {
    backend.upload(values.data(), tensor);
  } else {
    const std::vector<float> narrow(values.begin(), values.end());
    backend.upload(narrow.data(), tensor);
  }
  return tensor;
}

std::vector<double> download(Backend& backend, const Tensor& tensor) {
  std::vector<double> values(static_cast<std::size_t>(tensor.elements()));
  if (tensor.dtype() == DType::kFloat64) {
    backend.download(tensor, values.data());
  } else {
    std::vector<float> narrow(values.size());
    backend.download(tensor, narrow.data());
    values.assign(narrow.begin(), narrow.end());
  }
  return values;
}

std::vector<double> uniform(Random& random, std::int64_t count, double low, double high) {
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) value = random.uniform(low, high);
  return values;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double relative_difference(const std::vector<double>& got, const std::vector<double>& expected) {
  if (got.size() != expected.size()) return std::numeric_limits<double>::infinity();
  double difference = 0.0, norm = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    difference += (got[i] - expected[i]) * (got[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  return norm == 0.0 ? std::sqrt(difference) : std::sqrt(difference / norm);
}

}  // namespace nextframe::test
