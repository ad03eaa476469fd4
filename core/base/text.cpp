#include "core/base/text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "core/base/format.h"

namespace nextframe {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

/// Takes the run of digits that starts at `position` and returns it without its leading zeros.
std::string_view take_number(std::string_view text, std::size_t& position) {
  std::size_t start = position;
  while (position < text.size() && is_digit(text[position])) ++position;
  while (start + 1 < position && text[start] == '0') ++start;
  return text.substr(start, position - start);
}

/// Matches one byte against the set that starts after '['; on return `position` is behind the closing bracket.
/// A set without closing bracket matches nothing.
bool match_set(std::string_view pattern, std::size_t& position, char c) {
  const bool negated = position < pattern.size() && (pattern[position] == '!' || pattern[position] == '^');
  if (negated) ++position;
  bool found = false;
  for (bool first = true; position < pattern.size() && (first || pattern[position] != ']'); first = false) {
    const char low = pattern[position++];
    char high = low;
    if (position + 1 < pattern.size() && pattern[position] == '-' && pattern[position + 1] != ']') {
      high = pattern[position + 1];
      position += 2;
    }
    found = found || (low <= c && c <= high);
  }
  if (position >= pattern.size()) return false;
  ++position;
  return found != negated;
}

/// Matches one pattern element other than '*' against `c` and moves `position` behind it.
bool match_one(std::string_view pattern, std::size_t& position, char c) {
  const char element = pattern[position++];
  if (element == '?') return c != '/';
  if (element == '[') return match_set(pattern, position, c) && c != '/';
  if (element == '\\' && position < pattern.size()) return pattern[position++] == c;
  return element == c;
}

/// Length of the valid UTF-8 sequence that starts at `position`, or 0.
std::size_t utf8_length(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(position);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || position + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(position + i) & 0xC0) != 0x80) return 0;
  }
  const std::uint8_t second = byte(position + 1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate = lead == 0xED && second > 0x9F;
  const bool too_large = lead == 0xF4 && second > 0x8F;
  return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

bool natural_less(std::string_view left, std::string_view right) {
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < left.size() && j < right.size()) {
    if (is_digit(left[i]) && is_digit(right[j])) {
      const std::string_view a = take_number(left, i);
      const std::string_view b = take_number(right, j);
      if (a.size() != b.size()) return a.size() < b.size();
      if (a != b) return a < b;
    } else {
      const auto a = static_cast<unsigned char>(left[i++]);
      const auto b = static_cast<unsigned char>(right[j++]);
      if (a != b) return a < b;
    }
  }
  if (i < left.size() || j < right.size()) return j < right.size();
  return left < right;
}

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1), row(right.size() + 1), next(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    next[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = row[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      next[j] = std::min({replaced, row[j] + 1, next[j - 1] + 1});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        next[j] = std::min(next[j], before[j - 2] + 1);
      }
    }
    std::swap(before, row);
    std::swap(row, next);
  }
  return row[right.size()];
}

std::string nearest_name(std::string_view wrong, const std::vector<std::string>& candidates) {
  const std::string wanted = lowered(wrong);
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, wanted.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::string name = lowered(candidate);
    std::size_t distance = edit_distance(wanted, name);
    // "learning" for "learning_rate": a beginning of at least three letters is a near miss too.
    if (wanted.size() >= 3 && name.starts_with(wanted)) distance = std::min<std::size_t>(distance, 1);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

bool glob_match(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_end = 0;
  while (n < name.size() || p < pattern.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_end = n;
      continue;
    }
    std::size_t after = p;
    if (n < name.size() && p < pattern.size() && match_one(pattern, after, name[n])) {
      p = after;
      ++n;
      continue;
    }
    // Give the last star one byte more, which must not be a '/'.
    if (star == std::string_view::npos || star_end >= name.size() || name[star_end] == '/') return false;
    n = ++star_end;
    p = star;
  }
  return true;
}

bool is_glob(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '*' || text[i] == '?' || text[i] == '[') {
      return true;
    }
  }
  return false;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = text.find(separator, start);
    parts.emplace_back(text.substr(start, end - start));
    if (end == std::string_view::npos) return parts;
    start = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string to_valid_utf8(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      result += "\xEF\xBF\xBD";
      ++i;
    } else {
      result += text.substr(i, length);
      i += length;
    }
  }
  return result;
}

std::string format_bytes(double bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < kUnits.size()) {
    bytes /= 1000;
    ++unit;
  }
  if (unit == 0 || bytes >= 99.95) return format("{:.0f} {}", bytes, kUnits[unit]);
  return format("{:.1f} {}", bytes, kUnits[unit]);
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  double number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  std::string_view unit(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  constexpr std::string_view kPrefixes = "kmgt";
  if (!unit.empty()) {
    const auto lower = static_cast<char>(std::tolower(static_cast<unsigned char>(unit.front())));
    const std::size_t power = kPrefixes.find(lower);
    if (power != std::string_view::npos) {
      unit.remove_prefix(1);
      const bool binary = !unit.empty() && unit.front() == 'i';
      if (binary) unit.remove_prefix(1);
      number *= std::pow(binary ? 1024.0 : 1000.0, static_cast<double>(power + 1));
    }
    if (unit != "" && unit != "B") return std::nullopt;
  }
  constexpr double kMost = 9e18;
  if (!(number >= 1) || number > kMost) return std::nullopt;
  return std::llround(number);
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "unknown";
  if (seconds < 9.95) return format("{:.1f} s", seconds);
  if (seconds < 59.5) return format("{:.0f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 3600) return format("{} min {:02} s", whole / 60, whole % 60);
  const std::int64_t minutes = (whole + 30) / 60;
  return format("{} h {:02} min", minutes / 60, minutes % 60);
}

}  // namespace nextframe
