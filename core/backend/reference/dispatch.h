#pragma once

#include "core/backend/specs.h"
#include "core/tensor/tensor.h"

namespace nextframe::reference {

/// Calls `body(T{})` with T the element type of `dtype`.
template <class Body>
void dispatch(DType dtype, const Body& body) {
  switch (dtype) {
    case DType::kFloat32:
      return body(float{});
    case DType::kFloat64:
      return body(double{});
    case DType::kBFloat16:
      return body(BFloat16{});
  }
}

/// Stores `value`, or adds it where `write` says so.
template <class T>
void store(T& to, double value, Write write) {
  to = static_cast<T>(write == Write::kAccumulate ? static_cast<double>(to) + value : value);
}

/// The elements of a tensor that may be empty; null where it is.
template <class T>
T* data_or_null(const Tensor& tensor) {
  return tensor ? tensor.data<T>() : nullptr;
}

}  // namespace nextframe::reference
