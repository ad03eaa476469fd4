// [N,H,W,C] <-> [N,H/b,W/b,b*b*C] and copies between frames of different sizes.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

using reference::dispatch;

/// Calls `body(index in frames, index in blocks)` for the first channel of every pixel of the frames [N,H,W,C].
template <class Body>
void for_each_block_pixel(int block, const Shape& frames, const Body& body) {
  const std::int64_t height = frames[1], width = frames[2], channels = frames[3];
  for (std::int64_t n = 0; n < frames[0]; ++n) {
    for (std::int64_t row = 0; row < height; ++row) {
      for (std::int64_t column = 0; column < width; ++column) {
        const std::int64_t place = (row % block) * block + column % block;
        const std::int64_t pixel = (n * height + row) * width + column;
        const std::int64_t cell = (n * (height / block) + row / block) * (width / block) + column / block;
        body(pixel * channels, (cell * block * block + place) * channels);
      }
    }
  }
}

}  // namespace

void ReferenceBackend::do_space_to_depth(int block, const Tensor& x, const Tensor& y) {
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    for_each_block_pixel(block, x.shape(), [&](std::int64_t frame, std::int64_t blocks) {
      std::copy_n(from + frame, x.dimension(3), to + blocks);
    });
  });
}

void ReferenceBackend::do_depth_to_space(int block, const Tensor& x, const Tensor& y) {
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    for_each_block_pixel(block, y.shape(), [&](std::int64_t frame, std::int64_t blocks) {
      std::copy_n(from + blocks, y.dimension(3), to + frame);
    });
  });
}

void ReferenceBackend::do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) {
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t rows = x.dimension(1), columns = x.dimension(2), channels = x.dimension(3);
    for (std::int64_t n = 0; n < y.dimension(0); ++n) {
      for (std::int64_t row = 0; row < y.dimension(1); ++row) {
        for (std::int64_t column = 0; column < y.dimension(2); ++column, to += channels) {
          if (fill == PadFill::kZero && (row >= rows || column >= columns)) {
            std::fill_n(to, channels, T{});
          } else {
            const std::int64_t pixel = (n * rows + std::min(row, rows - 1)) * columns + std::min(column, columns - 1);
            std::copy_n(from + pixel * channels, channels, to);
          }
        }
      }
    }
  });
}

}  // namespace nextframe
