#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/idx.h"

namespace nextframe {

/// Small grey pictures of one size, bright on black, that the moving digits are pasted from.
struct GlyphSet {
  std::int64_t height = 28;
  std::int64_t width = 28;
  std::vector<float> pixels;  ///< [count,H,W], 0..1

  std::int64_t count() const { return static_cast<std::int64_t>(pixels.size()) / (height * width); }
  const float* glyph(std::int64_t index) const { return pixels.data() + index * height * width; }
};

/// The images first .. last - 1; both 0 takes all. Rejects a range that is empty or not inside, with `name` in the
/// message.
GlyphSet glyphs_from_idx(const IdxImages& images, std::int64_t first, std::int64_t last, const std::string& name);

/// Glyphs first .. last - 1 of a set, under the same rules.
GlyphSet select_glyphs(const GlyphSet& glyphs, std::int64_t first, std::int64_t last, const std::string& name);

/// Each glyph at half its height and width, means of 2x2 pixels; an odd last row or column is left out.
GlyphSet halved(const GlyphSet& glyphs);

}  // namespace nextframe
