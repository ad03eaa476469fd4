#include "app/values.h"

#include <charconv>
#include <cmath>

namespace nextframe::app {

std::int64_t parse_whole(std::string_view where, const std::string& text, WholeRange range) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end || number < range.min || number > range.max) {
    const bool bounded = range.max != std::numeric_limits<std::int64_t>::max();
    reject("{}: got \"{}\", expected a whole number {}", where, text,
           bounded ? format("from {} to {}", range.min, range.max) : format("of at least {}", range.min));
  }
  return number;
}

std::array<std::int64_t, 2> parse_size(std::string_view where, const std::string& text, WholeRange range) {
  const std::vector<std::string> sides = split(text, 'x');
  if (sides.size() > 2) reject("{}: got \"{}\", expected HEIGHTxWIDTH, such as 64x96", where, text);
  const std::int64_t height = parse_whole(where, sides.front(), range);
  return {height, parse_whole(where, sides.back(), range)};
}

double parse_number(std::string_view where, const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (text.empty() || error != std::errc() || stop != end || !std::isfinite(number)) {
    reject("{}: got \"{}\", expected a number such as 0.5", where, text);
  }
  return number;
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> parts = split(text, ',');
  std::erase(parts, "");
  return parts;
}

}  // namespace nextframe::app
