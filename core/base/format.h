#pragma once

#include <spdlog/fmt/fmt.h>

#include <string>

namespace nextframe {

template <class... Args>
using FormatString = fmt::format_string<Args...>;

/// Text with `{}` fields, checked at compile time. A using-declaration, so that argument-dependent lookup of fmt types finds
/// the same function.
using fmt::format;

}  // namespace nextframe
