#include "tests/support/tensors.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nextframe::test {

namespace {

template <class T>
void upload_as(Backend& backend, const Tensor& tensor, const std::vector<double>& values) {
  std::vector<T> narrow(values.size());
  std::transform(values.begin(), values.end(), narrow.begin(), [](double value) { return static_cast<T>(value); });
  backend.upload(narrow.data(), tensor);
}

template <class T>
void download_as(Backend& backend, const Tensor& tensor, std::vector<double>& values) {
  std::vector<T> narrow(values.size());
  backend.download(tensor, narrow.data());
  values.assign(narrow.begin(), narrow.end());
}

}  // namespace

Tensor upload(Backend& backend, const Shape& shape, DType dtype, const std::vector<double>& values) {
  const Tensor tensor = backend.allocate(shape, dtype);
  if (dtype == DType::kFloat64) {
    backend.upload(values.data(), tensor);
  } else if (dtype == DType::kFloat32) {
    upload_as<float>(backend, tensor, values);
  } else {
    upload_as<BFloat16>(backend, tensor, values);
  }
  return tensor;
}

std::vector<double> download(Backend& backend, const Tensor& tensor) {
  std::vector<double> values(static_cast<std::size_t>(tensor.elements()));
  if (tensor.dtype() == DType::kFloat64) {
    backend.download(tensor, values.data());
  } else if (tensor.dtype() == DType::kFloat32) {
    download_as<float>(backend, tensor, values);
  } else {
    download_as<BFloat16>(backend, tensor, values);
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
