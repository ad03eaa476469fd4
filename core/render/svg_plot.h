#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/render/plot.h"

namespace nextframe {

/// The figure that draw_figure() draws, as an <svg> element for a page of HTML: it becomes as wide as there is room, its
/// text stays text in the page's own letters, and a title says what it shows where it cannot be seen.
std::string svg_of(const Figure& figure);

/// A short piece of a panel's line, for a legend outside of the drawing.
std::string svg_sample_of(const Panel& panel, std::size_t series);

/// The text with the characters that mean something in HTML and SVG, in elements and attributes, written as references;
/// bytes that are no UTF-8 become U+FFFD, and control characters blanks.
std::string escaped(std::string_view text);

}  // namespace nextframe
