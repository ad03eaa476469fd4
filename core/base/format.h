#pragma once

#include <spdlog/fmt/fmt.h>

#include <string>
#include <utility>

namespace nextframe {

template <class... Args>
using FormatString = fmt::format_string<Args...>;

/// Text with `{}` fields, checked at compile time.
template <class... Args>
std::string format(FormatString<Args...> text, Args&&... args) {
  return fmt::format(text, std::forward<Args>(args)...);
}

}  // namespace nextframe
