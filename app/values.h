#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe::app {

/// The whole numbers an option takes.
struct WholeRange {
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// Decimal digits with an optional sign, nothing else: no empty text, no octal, no "1.5". Rejects with `where` in
/// front.
std::int64_t parse_whole(std::string_view where, const std::string& text, WholeRange range);

/// Height and width in pixels: "48x64", or "64" for both. Rejects with `where` in front.
std::array<std::int64_t, 2> parse_size(std::string_view where, const std::string& text, WholeRange range);

/// The parts of "a,b,c" without the empty ones.
std::vector<std::string> parse_list(std::string_view text);

/// A finite decimal number and nothing else. Rejects with `where` in front.
double parse_number(std::string_view where, const std::string& text);

template <class E>
requires std::is_enum_v<E> std::vector<std::string> choice_names() {
  std::vector<std::string> names;
  for (const auto& entry : enum_names(E{})) names.emplace_back(entry.first);
  return names;
}

/// One of the names that `enum_names` gives to E.
template <class E>
E parse_choice(std::string_view where, const std::string& text) {
  for (const auto& [name, value] : enum_names(E{})) {
    if (name == text) return value;
  }
  reject("{}: got \"{}\", expected one of {}", where, text, join(choice_names<E>(), ", "));
}

}  // namespace nextframe::app
