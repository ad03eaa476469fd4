#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/render/colour_map.h"

namespace nextframe {

/// Few colours for one picture, and the way from any colour to one of them.
class GifPalette {
 public:
  /// `rgb` is [H,W,3]. Pictures with at most 256 colours keep them exactly; others get a median cut (Heckbert 1982) of
  /// their colours, each box cut where its weighted variance is largest.
  explicit GifPalette(std::span<const std::uint8_t> rgb);

  const std::array<Rgb, 256>& colours() const { return colours_; }

  /// Palette index of each pixel into `indices` [H, row_stride]. Where colours had to be given up, an ordered 8x8
  /// pattern mixes neighbours: unlike error diffusion it stays in place from frame to frame.
  void apply(std::span<const std::uint8_t> rgb, std::int64_t height, std::int64_t width, std::uint8_t* indices,
             std::ptrdiff_t row_stride) const;

 private:
  static constexpr int kCellBits = 5;
  static constexpr std::size_t kCells = std::size_t{1} << (3 * kCellBits);

  static std::size_t cell_of(int red, int green, int blue);
  bool take_exact(std::span<const std::uint8_t> rgb);
  void cut(std::span<const std::uint8_t> rgb);
  void fill_lookup();
  std::uint8_t nearest(int red, int green, int blue) const;

  std::array<Rgb, 256> colours_{};
  int count_ = 0;
  bool exact_ = false;
  std::array<std::uint8_t, kCells> lookup_{};  ///< nearest colour of a cell's middle
};

}  // namespace nextframe
