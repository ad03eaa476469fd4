#include "core/render/gif_palette.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <vector>

namespace nextframe {
namespace {

/// Sums over the pixels of one cell of the colour cube, so that a cell's mean is exact.
struct Cell {
  std::array<double, 3> sum{};
  std::array<double, 3> squares{};
  double pixels = 0;

  double mean(int channel) const { return sum[static_cast<std::size_t>(channel)] / pixels; }
};

struct Box {
  std::size_t first = 0, last = 0;  ///< range in the list of cells
  int axis = 0;                     ///< channel of the largest spread
  double spread = 0;                ///< sum of squared distances along it, weighted as eyes do
};

constexpr std::array<double, 3> kEyeWeights{0.5, 1.0, 0.4};

Box make_box(const std::vector<const Cell*>& cells, std::size_t first, std::size_t last) {
  Box box{.first = first, .last = last};
  for (std::size_t c = 0; c < 3; ++c) {
    double pixels = 0, sum = 0, squares = 0;
    for (std::size_t i = first; i < last; ++i) {
      pixels += cells[i]->pixels;
      sum += cells[i]->sum[c];
      squares += cells[i]->squares[c];
    }
    const double spread = (squares - sum * sum / pixels) * kEyeWeights[c];
    if (spread > box.spread && last - first > 1) {
      box.spread = spread;
      box.axis = static_cast<int>(c);
    }
  }
  return box;
}

/// Where the sum of squared distances on both sides together is least.
std::size_t best_cut(std::vector<const Cell*>& cells, const Box& box) {
  const auto axis = static_cast<std::size_t>(box.axis);
  std::sort(cells.begin() + static_cast<std::ptrdiff_t>(box.first),
            cells.begin() + static_cast<std::ptrdiff_t>(box.last),
            [&](const Cell* a, const Cell* b) { return a->mean(box.axis) < b->mean(box.axis); });
  double pixels = 0, sum = 0, left_pixels = 0, left_sum = 0, best = -1;
  for (std::size_t i = box.first; i < box.last; ++i) {
    pixels += cells[i]->pixels;
    sum += cells[i]->sum[axis];
  }
  std::size_t cut = box.first + 1;
  for (std::size_t i = box.first; i + 1 < box.last; ++i) {
    left_pixels += cells[i]->pixels;
    left_sum += cells[i]->sum[axis];
    const double right_sum = sum - left_sum, right_pixels = pixels - left_pixels;
    const double between = left_sum * left_sum / left_pixels + right_sum * right_sum / right_pixels;
    if (between > best) {
      best = between;
      cut = i + 1;
    }
  }
  return cut;
}

constexpr std::array<std::array<int, 8>, 8> kBayer{{{0, 32, 8, 40, 2, 34, 10, 42},
                                                    {48, 16, 56, 24, 50, 18, 58, 26},
                                                    {12, 44, 4, 36, 14, 46, 6, 38},
                                                    {60, 28, 52, 20, 62, 30, 54, 22},
                                                    {3, 35, 11, 43, 1, 33, 9, 41},
                                                    {51, 19, 59, 27, 49, 17, 57, 25},
                                                    {15, 47, 7, 39, 13, 45, 5, 37},
                                                    {63, 31, 55, 23, 61, 29, 53, 21}}};

}  // namespace

GifPalette::GifPalette(std::span<const std::uint8_t> rgb) {
  if (take_exact(rgb)) return;
  cut(rgb);
  fill_lookup();
}

std::size_t GifPalette::cell_of(int red, int green, int blue) {
  constexpr int kShift = 8 - kCellBits;
  return (static_cast<std::size_t>(red >> kShift) << (2 * kCellBits)) |
         (static_cast<std::size_t>(green >> kShift) << kCellBits) | static_cast<std::size_t>(blue >> kShift);
}

bool GifPalette::take_exact(std::span<const std::uint8_t> rgb) {
  const bool grey = [&] {
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
      if (rgb[i] != rgb[i + 1] || rgb[i] != rgb[i + 2]) return false;
    }
    return true;
  }();
  std::vector<std::uint32_t> found;
  if (grey) {
    // All greys, used or not: frames then share one palette.
    for (std::uint32_t level = 0; level < 256; ++level) found.push_back(level * 0x010101);
  } else {
    std::unordered_map<std::uint32_t, bool> seen;
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
      const std::uint32_t code = static_cast<std::uint32_t>(rgb[i] << 16 | rgb[i + 1] << 8 | rgb[i + 2]);
      if (!seen.emplace(code, true).second) continue;
      found.push_back(code);
      if (found.size() > colours_.size()) return false;
    }
    std::sort(found.begin(), found.end());
  }
  for (const std::uint32_t code : found) {
    colours_[static_cast<std::size_t>(count_++)] = {static_cast<std::uint8_t>(code >> 16),
                                                    static_cast<std::uint8_t>((code >> 8) & 255),
                                                    static_cast<std::uint8_t>(code & 255)};
  }
  exact_ = true;
  return true;
}

void GifPalette::cut(std::span<const std::uint8_t> rgb) {
  std::vector<Cell> cube(kCells);
  for (std::size_t i = 0; i < rgb.size(); i += 3) {
    Cell& cell = cube[cell_of(rgb[i], rgb[i + 1], rgb[i + 2])];
    for (std::size_t c = 0; c < 3; ++c) {
      cell.sum[c] += rgb[i + c];
      cell.squares[c] += static_cast<double>(rgb[i + c]) * rgb[i + c];
    }
    ++cell.pixels;
  }
  std::vector<const Cell*> cells;
  for (const Cell& cell : cube) {
    if (cell.pixels > 0) cells.push_back(&cell);
  }
  std::vector<Box> boxes{make_box(cells, 0, cells.size())};
  while (boxes.size() < colours_.size()) {
    const auto widest =
        std::max_element(boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.spread < b.spread; });
    if (widest->spread <= 0) break;
    const Box box = *widest;
    const std::size_t middle = best_cut(cells, box);
    *widest = make_box(cells, box.first, middle);
    boxes.push_back(make_box(cells, middle, box.last));
  }
  for (const Box& box : boxes) {
    std::array<double, 3> sum{};
    double pixels = 0;
    for (std::size_t i = box.first; i < box.last; ++i) {
      for (std::size_t c = 0; c < 3; ++c) sum[c] += cells[i]->sum[c];
      pixels += cells[i]->pixels;
    }
    const auto level = [&](std::size_t c) { return static_cast<std::uint8_t>(std::lround(sum[c] / pixels)); };
    colours_[static_cast<std::size_t>(count_++)] = {level(0), level(1), level(2)};
  }
}

std::uint8_t GifPalette::nearest(int red, int green, int blue) const {
  double best = std::numeric_limits<double>::infinity();
  int index = 0;
  for (int i = 0; i < count_; ++i) {
    const Rgb& candidate = colours_[static_cast<std::size_t>(i)];
    const double dr = red - candidate.red, dg = green - candidate.green, db = blue - candidate.blue;
    const double distance = kEyeWeights[0] * dr * dr + kEyeWeights[1] * dg * dg + kEyeWeights[2] * db * db;
    if (distance < best) {
      best = distance;
      index = i;
    }
  }
  return static_cast<std::uint8_t>(index);
}

void GifPalette::fill_lookup() {
  constexpr int kSide = 1 << kCellBits, kStep = 256 / kSide, kMiddle = kStep / 2;
  for (int r = 0; r < kSide; ++r) {
    for (int g = 0; g < kSide; ++g) {
      for (int b = 0; b < kSide; ++b) {
        lookup_[cell_of(r * kStep, g * kStep, b * kStep)] =
            nearest(r * kStep + kMiddle, g * kStep + kMiddle, b * kStep + kMiddle);
      }
    }
  }
}

void GifPalette::apply(std::span<const std::uint8_t> rgb, std::int64_t height, std::int64_t width,
                       std::uint8_t* indices, std::ptrdiff_t row_stride) const {
  std::unordered_map<std::uint32_t, std::uint8_t> exact;
  const auto code_of = [](int r, int g, int b) { return static_cast<std::uint32_t>(r << 16 | g << 8 | b); };
  if (exact_) {
    for (int i = count_; i-- > 0;) {
      const Rgb& c = colours_[static_cast<std::size_t>(i)];
      exact[code_of(c.red, c.green, c.blue)] = static_cast<std::uint8_t>(i);
    }
  }
  for (std::int64_t y = 0; y < height; ++y) {
    const std::uint8_t* row = rgb.data() + y * width * 3;
    for (std::int64_t x = 0; x < width; ++x) {
      const std::uint8_t* p = row + x * 3;
      if (exact_) {
        indices[y * row_stride + x] = exact.find(code_of(p[0], p[1], p[2]))->second;
        continue;
      }
      // From -4 to +4: about the distance between the cells of the lookup.
      const int shift = (kBayer[static_cast<std::size_t>(y & 7)][static_cast<std::size_t>(x & 7)] - 32) / 8;
      const auto level = [&](int c) { return std::clamp(p[c] + shift, 0, 255); };
      indices[y * row_stride + x] = lookup_[cell_of(level(0), level(1), level(2))];
    }
  }
}

}  // namespace nextframe
