#include <algorithm>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

namespace nextframe::cpu {

namespace {

char* bytes_of(const Tensor& tensor) { return static_cast<char*>(tensor.raw()); }

/// Calls visit(offset in x, offset in y, length) for each row of `block` neighbouring pixels of the frame x [N,H,W,C], which is
/// one contiguous piece of y [N,H/block,W/block,block*block*C] too: offsets in bytes.
template <class Visit>
void each_block_row(const Threads& threads, int block, const Tensor& x, const Visit& visit) {
  const std::int64_t rows = x.dimension(1) / block, columns = x.dimension(2) / block;
  const std::int64_t piece = block * x.dimension(3) * static_cast<std::int64_t>(size_of(x.dtype()));
  parallel_for(threads, x.dimension(0) * rows, 4, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t line = 0; line < block; ++line) {
        for (std::int64_t column = 0; column < columns; ++column) {
          visit(((row * block + line) * columns + column) * piece, ((row * columns + column) * block + line) * piece,
                piece);
        }
      }
    }
  });
}

}  // namespace

void CpuBackend::do_space_to_depth(int block, const Tensor& x, const Tensor& y) {
  const char* from = bytes_of(x);
  char* to = bytes_of(y);
  each_block_row(threads_, block, x, [=](std::int64_t frame, std::int64_t deep, std::int64_t length) {
    std::copy_n(from + frame, length, to + deep);
  });
}

void CpuBackend::do_depth_to_space(int block, const Tensor& x, const Tensor& y) {
  const char* from = bytes_of(x);
  char* to = bytes_of(y);
  each_block_row(threads_, block, y, [=](std::int64_t frame, std::int64_t deep, std::int64_t length) {
    std::copy_n(from + deep, length, to + frame);
  });
}

void CpuBackend::do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) {
  // All types have a zero of zero bytes.
  const std::int64_t pixel = y.dimension(3) * static_cast<std::int64_t>(size_of(y.dtype()));
  const std::int64_t x_height = x.dimension(1), x_width = x.dimension(2);
  const std::int64_t y_height = y.dimension(1), y_width = y.dimension(2);
  const std::int64_t common = std::min(x_width, y_width) * pixel;
  const bool edge = fill == PadFill::kEdge && x.elements() > 0;
  const char* from = bytes_of(x);
  char* to = bytes_of(y);
  parallel_for(threads_, y.dimension(0) * y_height, 8, [=](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t line = row % y_height;
      char* target = to + row * y_width * pixel;
      if (line >= x_height && !edge) {
        std::fill_n(target, y_width * pixel, char{0});
        continue;
      }
      const char* source = from + (row / y_height * x_height + std::min(line, x_height - 1)) * x_width * pixel;
      std::copy_n(source, common, target);
      for (std::int64_t column = x_width; column < y_width; ++column) {
        if (edge) {
          std::copy_n(source + (x_width - 1) * pixel, pixel, target + column * pixel);
        } else {
          std::fill_n(target + column * pixel, pixel, char{0});
        }
      }
    }
  });
}

}  // namespace nextframe::cpu
