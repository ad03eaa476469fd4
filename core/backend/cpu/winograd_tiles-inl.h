// Tiles of eight by eight pixels and their points. Included once for each instruction set.

#if defined(NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TILES_INL_H_
#undef NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TILES_INL_H_
#else
#define NEXTFRAME_CORE_BACKEND_CPU_WINOGRAD_TILES_INL_H_
#endif

#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"
#include "core/backend/cpu/winograd_arguments.h"
#include "core/backend/cpu/winograd_transforms-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// Where the 8x8 pixels of a tile of x [N,H,W,C] lie; those outside the frame are at `zeros`.
template <class T>
HWY_INLINE void find_pixels(const T* x, const WinogradTile& tile, std::int64_t height, std::int64_t width,
                            std::int64_t channels, const T* zeros, const T** pixels) {
  for (int i = 0; i < 8; ++i) {
    const std::int64_t row = tile.row + i;
    for (int j = 0; j < 8; ++j) {
      const std::int64_t column = tile.column + j;
      const bool inside = row >= 0 && row < height && column >= 0 && column < width;
      pixels[i * 8 + j] = inside ? x + ((tile.image * height + row) * width + column) * channels : zeros;
    }
  }
}

/// For `channels` channels of those pixels: point p of channel c at v[p * point_step + c].
template <class T>
HWY_INLINE void points_of_pixels(const T* const* pixels, std::int64_t channels, float* v, std::int64_t point_step) {
  each_lane(channels, [=](auto d, std::int64_t c) HWY_ATTR {
    using V = hn::Vec<decltype(d)>;
    V half[8][8];
#pragma GCC unroll 8
    for (int j = 0; j < 8; ++j) {
      V x[8], points[8];
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) x[i] = load(d, pixels[i * 8 + j] + c);
      inputs_to_points(d, x, points);
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) half[i][j] = points[i];
    }
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      V points[8];
      inputs_to_points(d, half[i], points);
#pragma GCC unroll 8
      for (int j = 0; j < 8; ++j) hn::StoreU(points[j], d, v + (i * 8 + j) * point_step + c);
    }
  });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
