#pragma once

#include <string_view>

namespace nextframe {

/// What the pages look like, and what makes their films play.
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace nextframe
