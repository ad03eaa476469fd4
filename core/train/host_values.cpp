#include "core/train/host_values.h"

#include "core/base/error.h"

namespace nextframe {

Tensor to_backend(Backend& backend, std::span<const float> values, const Shape& shape) {
  if (static_cast<std::int64_t>(values.size()) != shape.elements()) {
    fail("[train] {} values for a tensor {}", values.size(), to_string(shape));
  }
  Tensor tensor = backend.allocate(shape, DType::kFloat32);
  backend.upload(values.data(), tensor);
  return tensor;
}

std::vector<float> to_host(Backend& backend, const Tensor& tensor) {
  std::vector<float> values(tensor ? static_cast<std::size_t>(tensor.elements()) : 0);
  if (tensor) backend.download(tensor, values.data());
  return values;
}

}  // namespace nextframe
