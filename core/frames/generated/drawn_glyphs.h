#pragma once

#include <string>

#include "core/frames/generated/glyphs.h"

namespace nextframe {

/// Digits 0 to 9 of 28x28 pixels, drawn in several fonts, heights, stroke widths and slants. The order mixes the
/// styles, so that ranges of the set differ in glyphs but not in kind; glyph i shows the digit i % 10.
GlyphSet draw_glyphs();

/// The images of an idx file, gzipped or not; see parse_idx_images.
IdxImages read_idx_images(const std::string& path);

}  // namespace nextframe
