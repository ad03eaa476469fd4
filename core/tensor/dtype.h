#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/tensor/bfloat16.h"

namespace nextframe {

enum class DType : std::uint8_t { kFloat32, kFloat64, kBFloat16 };

constexpr std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return 4;
    case DType::kFloat64:
      return 8;
    case DType::kBFloat16:
      return 2;
  }
  return 0;
}

constexpr std::string_view name_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kFloat64:
      return "float64";
    case DType::kBFloat16:
      return "bf16";
  }
  return "";
}

/// The type of what must not be rounded to 8 bits beside activations of `dtype`: parameters and their gradients, cell
/// states, statistics, losses. float32 beside bf16, else the activations' own.
constexpr DType exact_of(DType dtype) { return dtype == DType::kBFloat16 ? DType::kFloat32 : dtype; }

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType kValue = DType::kFloat32;
  using Exact = float;
};
template <>
struct DTypeOf<double> {
  static constexpr DType kValue = DType::kFloat64;
  using Exact = double;
};
template <>
struct DTypeOf<BFloat16> {
  static constexpr DType kValue = DType::kBFloat16;
  using Exact = float;
};

/// exact_of() as a type.
template <class T>
using Exact = typename DTypeOf<T>::Exact;

}  // namespace nextframe
