#pragma once

#include <span>
#include <vector>

#include "core/backend/backend.h"

namespace nextframe {

/// A new float32 tensor of `shape` that holds `values`, as many as the shape has elements.
Tensor to_backend(Backend& backend, std::span<const float> values, const Shape& shape);

/// The values of a float32 tensor; none where there is no tensor.
std::vector<float> to_host(Backend& backend, const Tensor& tensor);

}  // namespace nextframe
