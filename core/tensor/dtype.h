#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nextframe {

enum class DType : std::uint8_t { kFloat32, kFloat64 };

constexpr std::size_t size_of(DType dtype) { return dtype == DType::kFloat32 ? 4 : 8; }

constexpr std::string_view name_of(DType dtype) { return dtype == DType::kFloat32 ? "float32" : "float64"; }

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType kValue = DType::kFloat32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType kValue = DType::kFloat64;
};

}  // namespace nextframe
