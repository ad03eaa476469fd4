#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace nextframe {

/// The lengths of up to five dimensions, slowest first. Element counts are 64 bit throughout.
class Shape {
 public:
  static constexpr int kMaximumRank = 5;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> lengths);
  explicit Shape(std::span<const std::int64_t> lengths);

  int rank() const { return rank_; }
  /// Length of dimension `axis`; a negative axis counts from the end, -1 the channels.
  std::int64_t operator[](int axis) const { return lengths_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)]; }
  /// Product of all lengths; 1 for rank 0.
  std::int64_t elements() const;
  /// The dimensions from `first` on.
  Shape from(int first) const;
  /// This shape with one more, slowest, dimension in front.
  Shape with_front(std::int64_t length) const;
  /// This shape with dimension `axis` replaced.
  Shape with(int axis, std::int64_t length) const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, kMaximumRank> lengths_{};
  int rank_ = 0;
};

/// "[10,4,64,64,1]"
std::string to_string(const Shape& shape);

}  // namespace nextframe
