#include "core/frames/generated/glyphs.h"

#include <utility>

#include "core/base/error.h"

namespace nextframe {
namespace {

std::pair<std::int64_t, std::int64_t> checked_range(std::int64_t first, std::int64_t last, std::int64_t count,
                                                    const std::string& name) {
  if (first == 0 && last == 0) return {0, count};
  if (first < 0 || first >= last || last > count) {
    reject("[digits] {}: got glyphs [{}, {}], expected a first and one past a last within its {} glyphs", name, first,
           last, count);
  }
  return {first, last};
}

}  // namespace

GlyphSet glyphs_from_idx(const IdxImages& images, std::int64_t first, std::int64_t last, const std::string& name) {
  const auto [begin, end] = checked_range(first, last, images.count, name);
  const std::int64_t size = images.height * images.width;
  GlyphSet glyphs{images.height, images.width, {}};
  glyphs.pixels.reserve(static_cast<std::size_t>((end - begin) * size));
  for (std::int64_t i = begin * size; i < end * size; ++i) {
    glyphs.pixels.push_back(static_cast<float>(images.pixels[static_cast<std::size_t>(i)]) / 255.0F);
  }
  return glyphs;
}

GlyphSet select_glyphs(const GlyphSet& glyphs, std::int64_t first, std::int64_t last, const std::string& name) {
  const auto [begin, end] = checked_range(first, last, glyphs.count(), name);
  return {glyphs.height, glyphs.width, std::vector<float>(glyphs.glyph(begin), glyphs.glyph(end))};
}

GlyphSet halved(const GlyphSet& glyphs) {
  GlyphSet half{.height = glyphs.height / 2, .width = glyphs.width / 2, .pixels = {}};
  half.pixels.reserve(static_cast<std::size_t>(glyphs.count() * half.height * half.width));
  for (std::int64_t i = 0; i < glyphs.count(); ++i) {
    for (std::int64_t y = 0; y < half.height; ++y) {
      for (std::int64_t x = 0; x < half.width; ++x) {
        const float* corner = glyphs.glyph(i) + 2 * y * glyphs.width + 2 * x;
        half.pixels.push_back((corner[0] + corner[1] + corner[glyphs.width] + corner[glyphs.width + 1]) / 4);
      }
    }
  }
  return half;
}

}  // namespace nextframe
