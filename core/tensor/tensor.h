#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/tensor/dtype.h"
#include "core/tensor/range.h"
#include "core/tensor/shape.h"

namespace nextframe {

/// A block of memory that a backend owns, given back when the last tensor on it goes. `data()` is an address on the
/// backend's device: null where a backend only plans.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  virtual ~Buffer() = default;

  virtual void* data() const = 0;
  virtual std::size_t bytes() const = 0;
};

/// A contiguous view of a buffer: shape, type and offset. Copying a Tensor copies the view, never the elements, and a
/// `const Tensor&` may be written through, as with any handle. An empty Tensor stands for "not given".
class Tensor {
 public:
  Tensor() = default;
  Tensor(std::shared_ptr<Buffer> buffer, std::size_t offset_bytes, Shape shape, DType dtype);

  explicit operator bool() const { return buffer_ != nullptr; }

  const Shape& shape() const { return shape_; }
  std::int64_t dimension(int axis) const { return shape_[axis]; }
  std::int64_t elements() const { return shape_.elements(); }
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * size_of(dtype_); }
  DType dtype() const { return dtype_; }

  /// The address of the first element, without a check of the type: for backends.
  void* raw() const;
  /// The address of the first element; fails where T is not the tensor's type.
  template <class T>
  T* data() const {
    expect_dtype(DTypeOf<T>::kValue);
    return static_cast<T*>(raw());
  }

  /// Element `index` of the slowest dimension, that dimension dropped: [T,N,H,W,C] -> [N,H,W,C].
  Tensor at(std::int64_t index) const;
  /// Elements first .. last-1 of the slowest dimension, which stays.
  Tensor range(std::int64_t first, std::int64_t last) const;
  Tensor range(const Range& elements) const { return range(elements.first, elements.last); }
  /// Rows of one frame [1,H,W,C], as [1,rows,W,C].
  Tensor rows(const Range& rows) const;
  /// The same elements under another shape of equal element count.
  Tensor reshaped(Shape shape) const;
  /// [T,N,...] -> [T*N,...].
  Tensor merged() const;

 private:
  void expect_dtype(DType expected) const;

  std::shared_ptr<Buffer> buffer_;
  std::size_t offset_bytes_ = 0;
  Shape shape_;
  DType dtype_ = DType::kFloat32;
};

}  // namespace nextframe
