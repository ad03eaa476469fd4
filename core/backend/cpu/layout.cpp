#include <algorithm>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/parallel.h"

namespace nextframe::cpu {

namespace {

/// Calls visit(pixels of x, pixels of y) for each row of `block` neighbouring pixels of the frame x [N,H,W,C], which is
/// one contiguous piece of y [N,H/block,W/block,block*block*C] too: offsets in elements.
template <class Visit>
void each_block_row(int threads, int block, const Tensor& x, const Visit& visit) {
  const std::int64_t rows = x.dimension(1) / block, columns = x.dimension(2) / block;
  const std::int64_t piece = block * x.dimension(3);
  parallel_for(threads, x.dimension(0) * rows, 4, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      for (std::int64_t line = 0; line < block; ++line) {
        for (std::int64_t column = 0; column < columns; ++column) {
          visit(((row * block + line) * columns + column) * piece, ((row * columns + column) * block + line) * piece);
        }
      }
    }
  });
}

}  // namespace

void CpuBackend::do_space_to_depth(int block, const Tensor& x, const Tensor& y) {
  const std::int64_t piece = block * x.dimension(3);
  const float* from = x.data<float>();
  float* to = y.data<float>();
  each_block_row(threads_, block, x,
                 [=](std::int64_t frame, std::int64_t deep) { std::copy_n(from + frame, piece, to + deep); });
}

void CpuBackend::do_depth_to_space(int block, const Tensor& x, const Tensor& y) {
  const std::int64_t piece = block * y.dimension(3);
  const float* from = x.data<float>();
  float* to = y.data<float>();
  each_block_row(threads_, block, y,
                 [=](std::int64_t frame, std::int64_t deep) { std::copy_n(from + deep, piece, to + frame); });
}

void CpuBackend::do_crop_or_pad(PadFill fill, const Tensor& x, const Tensor& y) {
  const std::int64_t channels = y.dimension(3);
  const std::int64_t x_height = x.dimension(1), x_width = x.dimension(2);
  const std::int64_t y_height = y.dimension(1), y_width = y.dimension(2);
  const std::int64_t common = std::min(x_width, y_width) * channels;
  const bool edge = fill == PadFill::kEdge && x.elements() > 0;
  const float* from = x.data<float>();
  float* to = y.data<float>();
  parallel_for(threads_, y.dimension(0) * y_height, 8, [=](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) {
      const std::int64_t line = row % y_height;
      float* target = to + row * y_width * channels;
      if (line >= x_height && !edge) {
        std::fill_n(target, y_width * channels, 0.0f);
        continue;
      }
      const float* source = from + (row / y_height * x_height + std::min(line, x_height - 1)) * x_width * channels;
      std::copy_n(source, common, target);
      for (std::int64_t column = x_width; column < y_width; ++column) {
        if (edge) {
          std::copy_n(source + (x_width - 1) * channels, channels, target + column * channels);
        } else {
          std::fill_n(target + column * channels, channels, 0.0f);
        }
      }
    }
  });
}

}  // namespace nextframe::cpu
