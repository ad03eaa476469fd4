#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/frames/generated/glyphs.h"
#include "core/frames/options.h"
#include "core/frames/sequence_generator.h"

namespace nextframe {

/// [first, one past the last] of the glyphs that a split may show; [0, 0] = all.
std::array<std::int64_t, 2> glyph_range(const SourceOptions& options, Split split);

/// Moving digits, or occluded ones of half the glyphs' size.
std::unique_ptr<SequenceGenerator> make_digits(const SourceOptions& options, GlyphSet glyphs);
std::unique_ptr<SequenceGenerator> make_balls(const SourceOptions& options, Split split);
std::unique_ptr<SequenceGenerator> make_rain(const SourceOptions& options, Split split);

}  // namespace nextframe
