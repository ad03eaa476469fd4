#include "core/tensor/shape.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"

namespace nextframe {

Shape::Shape(std::initializer_list<std::int64_t> lengths) : Shape(std::span(lengths.begin(), lengths.size())) {}

Shape::Shape(std::span<const std::int64_t> lengths) {
  if (lengths.size() > kMaximumRank) fail("[tensor] got rank {}, expected at most {}", lengths.size(), kMaximumRank);
  std::copy(lengths.begin(), lengths.end(), lengths_.begin());
  rank_ = static_cast<int>(lengths.size());
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (int axis = 0; axis < rank_; ++axis) {
    // Three bits stay free for the bytes of an element.
    if (__builtin_mul_overflow(product, (*this)[axis], &product) ||
        product > std::numeric_limits<std::int64_t>::max() / 8) {
      reject("[tensor] {} has more elements than any memory can hold; use smaller frames, batches or layers",
             to_string(*this));
    }
  }
  return product;
}

Shape Shape::from(int first) const {
  return Shape(std::span(lengths_.data() + first, static_cast<std::size_t>(rank_ - first)));
}

Shape Shape::with_front(std::int64_t length) const {
  if (rank_ == kMaximumRank) fail("[tensor] {} already has the largest rank", to_string(*this));
  Shape result;
  result.rank_ = rank_ + 1;
  result.lengths_[0] = length;
  std::copy_n(lengths_.begin(), rank_, result.lengths_.begin() + 1);
  return result;
}

Shape Shape::with(int axis, std::int64_t length) const {
  Shape result = *this;
  result.lengths_[static_cast<std::size_t>(axis < 0 ? axis + rank_ : axis)] = length;
  return result;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (axis > 0) text += ',';
    text += std::to_string(shape[axis]);
  }
  return text + ']';
}

}  // namespace nextframe
