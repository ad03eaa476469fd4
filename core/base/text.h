#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nextframe {

/// Natural order: runs of digits compare as numbers of any length, so frame2 comes before frame10; everything else byte
/// by byte. A strict weak order; names that differ only in leading zeros compare by their bytes.
bool natural_less(std::string_view left, std::string_view right);

/// Levenshtein distance in bytes, where two neighbouring bytes swapped count as one edit.
std::size_t edit_distance(std::string_view left, std::string_view right);

/// The candidate nearest to `wrong`, ignoring case, or nothing when none is near enough to be what was meant.
std::string nearest_name(std::string_view wrong, const std::vector<std::string>& candidates);

/// Shell pattern over a whole name: `*` any run, `?` any one byte, `[a-c]` and `[!a-c]` a set, backslash takes the next
/// byte as it is. `*` and `?` do not cross a '/'.
bool glob_match(std::string_view pattern, std::string_view name);

/// Whether the text holds an unescaped `*`, `?` or `[`.
bool is_glob(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The text with each byte sequence that is not UTF-8 replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

/// A byte count for people: "512 B", "1.5 kB", "2.8 GB" (powers of 1000).
std::string format_bytes(double bytes);

/// The bytes of "4G", "1.5 GB", "512MiB" or "1000000": powers of 1000, with an i powers of 1024. Nothing for another text,
/// nor for less than one byte.
std::optional<std::int64_t> parse_bytes(std::string_view text);

/// A duration for people: "4.2 s", "3 min 05 s", "2 h 07 min".
std::string format_duration(double seconds);

}  // namespace nextframe
