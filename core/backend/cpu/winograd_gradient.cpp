// The gradient of the weights by Winograd's algorithm: the correlation of an 8x8 tile of x with the 4x4 (or 6x6) tile of dy
// gives all 5x5 (or 3x3) taps, with the tile of dy in the place of the taps. Products are summed over all tiles as points, so
// that one interpolation at the end serves them all.

#include <algorithm>

#include "core/backend/cpu/parallel.h"
#include "core/backend/cpu/winograd.h"
#include "core/backend/cpu/winograd_arguments.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/winograd_gradient.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/small_gemm-inl.h"
#include "core/backend/cpu/winograd_tiles-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// Tiles between two visits to the sums, which do not fit the second-level cache.
constexpr std::int64_t kTilesAtOnce = 56;

WinogradSizes winograd_gradient_sizes(const WinogradProblem& p) {
  WinogradSizes sizes{};
  sizes.columns = gemm_columns();
  sizes.panels = (p.outputs + sizes.columns - 1) / sizes.columns;
  sizes.input_step = ((p.inputs + 15) / 16 | 1) * 16;
  sizes.output_step = sizes.panels * sizes.columns + 16;
  sizes.scratch =
      kPoints * (kTilesAtOnce * (sizes.input_step + sizes.output_step) + p.inputs * sizes.panels * sizes.columns);
  return sizes;
}

/// Of the kSide x kSide outputs of a tile, for channels first .. last-1; outputs outside the frame are 0.
template <int kSide, class T>
HWY_INLINE void points_of_gradient(const WinogradGradient& a, const WinogradTile& tile, std::int64_t first,
                                   std::int64_t last, float* v, std::int64_t point_step) {
  const std::int64_t height = a.problem.output_height, width = a.problem.output_width;
  const std::int64_t top = tile.row + a.problem.pad_above, left = tile.column + a.problem.pad_left;
  const T* const dy = static_cast<const T*>(a.dy);
  const T* pixels[kSide * kSide];
  for (int i = 0; i < kSide; ++i) {
    for (int j = 0; j < kSide; ++j) {
      const bool inside = top + i < height && left + j < width;
      pixels[i * kSide + j] =
          inside ? dy + ((tile.image * height + top + i) * width + left + j) * a.problem.outputs + first
                 : static_cast<const T*>(a.zeros);
    }
  }
  each_lane(last - first, [&](auto d, std::int64_t c) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    V half[8][kSide];
#pragma GCC unroll 8
    for (int j = 0; j < kSide; ++j) {
      V g[kSide], points[8];
#pragma GCC unroll 8
      for (int i = 0; i < kSide; ++i) g[i] = load(d, pixels[i * kSide + j] + c);
      taps_to_points<kSide>(d, g, points);
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) half[i][j] = points[i];
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      V points[8];
      taps_to_points<kSide>(d, half[i], points);
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) hn::StoreU(points[j], d, v + (i * 8 + j) * point_step + c);
    }
  });
}

/// The sums of one panel -> dw [out,in,taps,taps].
template <int kTaps>
HWY_INLINE void write_gradient(const WinogradGradient& a, std::int64_t panel, std::int64_t first_input,
                               std::int64_t last_input, const float* sums) {
  const std::int64_t columns = gemm_columns();
  const std::int64_t inputs = last_input - first_input;
  const std::int64_t first = panel * columns, outputs = std::min(columns, a.problem.outputs - first);
  HWY_ALIGN float taps[kTaps * kTaps * HWY_MAX_BYTES / sizeof(float)];
  for (std::int64_t k = 0; k < inputs; ++k) {
    each_lane(outputs, [&](auto d, std::int64_t c) HWY_ATTR {
      using V = hn::Vec<decltype(d)>;
      const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
      V half[kTaps][8];
      for (int j = 0; j < 8; ++j) {
        V points[8], y[kTaps];
        for (int i = 0; i < 8; ++i) points[i] = hn::LoadU(d, sums + ((i * 8 + j) * inputs + k) * columns + c);
        points_to_outputs<kTaps>(d, points, y);
        for (int i = 0; i < kTaps; ++i) half[i][j] = y[i];
      }
      for (int i = 0; i < kTaps; ++i) {
        V y[kTaps];
        points_to_outputs<kTaps>(d, half[i], y);
        for (int j = 0; j < kTaps; ++j) hn::StoreU(y[j], d, taps + (i * kTaps + j) * lanes);
      }
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        float* to = a.dw + ((first + c + lane) * a.problem.inputs + first_input + k) * kTaps * kTaps;
        for (int tap = 0; tap < kTaps * kTaps; ++tap) {
          const float value = taps[tap * lanes + lane];
          to[tap] = a.write == Write::kAccumulate ? to[tap] + value : value;
        }
      }
    });
  }
}

template <class T>
void gradient_of(const WinogradGradient& a, const WinogradGradientPiece& piece, float* scratch) {
  const T* const zeros = static_cast<const T*>(a.zeros);
  const WinogradProblem& p = a.problem;
  const std::int64_t inputs = piece.last_input - piece.first_input;
  const std::int64_t panels = piece.last_panel - piece.first_panel;
  WinogradProblem part = p;
  part.inputs = inputs;
  part.outputs = panels * gemm_columns();
  const WinogradSizes sizes = winograd_gradient_sizes(part);
  const std::int64_t first_output = piece.first_panel * sizes.columns;
  const std::int64_t last_output = std::min(p.outputs, piece.last_panel * sizes.columns);
  float* x_points = scratch;
  float* dy_points = x_points + kPoints * kTilesAtOnce * sizes.input_step;
  float* sums = dy_points + kPoints * kTilesAtOnce * sizes.output_step;
  std::fill_n(sums, kPoints * inputs * panels * sizes.columns, 0.0f);
  // The columns beyond the last channel are multiplied too, into sums that nobody reads.
  std::fill_n(dy_points, kPoints * kTilesAtOnce * sizes.output_step, 0.0f);
  const T* pixels[kPoints];
  const std::int64_t tiles = tile_count(p);
  for (std::int64_t first = 0; first < tiles; first += kTilesAtOnce) {
    const std::int64_t count = std::min(kTilesAtOnce, tiles - first);
    for (std::int64_t t = 0; t < count; ++t) {
      const WinogradTile tile = tile_at(p, first + t);
      find_pixels(static_cast<const T*>(a.x), tile, p.height, p.width, p.inputs, zeros, pixels);
      for (const T*& pixel : pixels) pixel += pixel == zeros ? 0 : piece.first_input;
      points_of_pixels(pixels, inputs, x_points + t * sizes.input_step, kTilesAtOnce * sizes.input_step);
      float* to = dy_points + t * sizes.output_step;
      if (p.taps == 5) {
        points_of_gradient<4, T>(a, tile, first_output, last_output, to, kTilesAtOnce * sizes.output_step);
      } else {
        points_of_gradient<6, T>(a, tile, first_output, last_output, to, kTilesAtOnce * sizes.output_step);
      }
    }
    for (std::int64_t point = 0; point < kPoints; ++point) {
      const float* left = x_points + point * kTilesAtOnce * sizes.input_step;
      const float* right = dy_points + point * kTilesAtOnce * sizes.output_step;
      for (std::int64_t panel = 0; panel < panels; ++panel) {
        gemm_panel<Write::kAccumulate>({left, 1, sizes.input_step}, inputs,
                                       {right + panel * sizes.columns, sizes.output_step}, count,
                                       {sums + (panel * kPoints + point) * inputs * sizes.columns, sizes.columns});
      }
    }
  }
  for (std::int64_t panel = 0; panel < panels; ++panel) {
    const float* of_panel = sums + panel * kPoints * inputs * sizes.columns;
    if (p.taps == 5) {
      write_gradient<5>(a, piece.first_panel + panel, piece.first_input, piece.last_input, of_panel);
    } else {
      write_gradient<3>(a, piece.first_panel + panel, piece.first_input, piece.last_input, of_panel);
    }
  }
}

void winograd_gradient(const WinogradGradient& a, const WinogradGradientPiece& piece, float* scratch) {
  with_stored_type(a.type, [&](auto type) { gradient_of<decltype(type)>(a, piece, scratch); });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(winograd_gradient_sizes);
HWY_EXPORT(winograd_gradient);

void Winograd::run_weight_gradient(const WinogradProblem& problem, const Tensor& x, const Tensor& dy, const Tensor& dw,
                                   Write write) {
  const WinogradSizes all = HWY_DYNAMIC_DISPATCH(winograd_gradient_sizes)(problem);
  // Each thread takes some of the panels, and where there are few of them, some of the input channels too: no sum is
  // divided, so that its bits do not depend on the threads.
  const std::int64_t columns = std::min<std::int64_t>(all.panels, int{threads_});
  const std::int64_t rows = std::clamp<std::int64_t>(threads_ / columns, 1, (problem.inputs + 7) / 8);
  WinogradProblem part = problem;
  part.outputs = (all.panels + columns - 1) / columns * all.columns;
  part.inputs = (problem.inputs + rows - 1) / rows;
  const WinogradSizes sizes = HWY_DYNAMIC_DISPATCH(winograd_gradient_sizes)(part);
  const std::int64_t pixel = std::max(problem.inputs, problem.outputs), scratch = rows * columns * sizes.scratch;
  const auto workspace =
      pool_->allocate(static_cast<std::size_t>(scratch + pixel) * sizeof(float), MemoryUse::kWorkspace);
  float* const memory = static_cast<float*>(workspace->data());
  if (!threads_.idle()) std::fill_n(memory + scratch, pixel, 0.0f);
  const WinogradGradient arguments{.problem = problem,
                                   .type = x.dtype(),
                                   .x = x.raw(),
                                   .dy = dy.raw(),
                                   .zeros = memory + scratch,
                                   .dw = dw.data<float>(),
                                   .write = write};
  const auto kernel = HWY_DYNAMIC_DISPATCH(winograd_gradient);
  parallel_for(threads_, rows * columns, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const std::int64_t row = i / columns, column = i % columns;
      kernel(arguments,
             {.first_panel = all.panels * column / columns,
              .last_panel = all.panels * (column + 1) / columns,
              .first_input = problem.inputs * row / rows,
              .last_input = problem.inputs * (row + 1) / rows},
             memory + i * sizes.scratch);
    }
  });
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
