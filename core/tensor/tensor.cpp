#include "core/tensor/tensor.h"

#include <utility>

#include "core/base/error.h"

namespace nextframe {

Tensor::Tensor(std::shared_ptr<Buffer> buffer, std::size_t offset_bytes, Shape shape, DType dtype)
    : buffer_(std::move(buffer)), offset_bytes_(offset_bytes), shape_(shape), dtype_(dtype) {
  if (buffer_ && offset_bytes_ + bytes() > buffer_->bytes()) {
    fail("[tensor] {} {} at byte {} does not fit a buffer of {} bytes", to_string(shape_), name_of(dtype_),
         offset_bytes_, buffer_->bytes());
  }
}

void* Tensor::raw() const {
  if (!buffer_) fail("[tensor] access to the elements of an empty tensor");
  auto* base = static_cast<std::byte*>(buffer_->data());
  return base ? base + offset_bytes_ : nullptr;
}

Tensor Tensor::at(std::int64_t index) const { return range(index, index + 1).reshaped(shape_.from(1)); }

Tensor Tensor::range(std::int64_t first, std::int64_t last) const {
  if (first < 0 || last < first || shape_.rank() == 0 || last > shape_[0]) {
    fail("[tensor] got range {}..{} of {}", first, last, to_string(shape_));
  }
  const std::size_t stride = static_cast<std::size_t>(shape_.from(1).elements()) * size_of(dtype_);
  return Tensor(buffer_, offset_bytes_ + static_cast<std::size_t>(first) * stride, shape_.with(0, last - first),
                dtype_);
}

Tensor Tensor::rows(const Range& rows) const {
  if (shape_.rank() != 4 || shape_[0] != 1) fail("[tensor] got rows of {}, expected one frame", to_string(shape_));
  return at(0).range(rows).reshaped(shape_.with(1, rows.size()));
}

Tensor Tensor::reshaped(Shape shape) const {
  if (shape.elements() != elements()) {
    fail("[tensor] got {} as a view of {}, expected as many elements", to_string(shape), to_string(shape_));
  }
  return Tensor(buffer_, offset_bytes_, shape, dtype_);
}

Tensor Tensor::merged() const {
  if (shape_.rank() < 2)
    fail("[tensor] got {} to merge time and batch, expected at least two dimensions", to_string(shape_));
  return reshaped(shape_.from(2).with_front(shape_[0] * shape_[1]));
}

void Tensor::expect_dtype(DType expected) const {
  if (dtype_ != expected) fail("[tensor] got a {} tensor, expected {}", name_of(dtype_), name_of(expected));
}

}  // namespace nextframe
