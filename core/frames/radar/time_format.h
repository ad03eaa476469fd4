#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace nextframe {

/// Seconds since 1970-01-01 00:00 UTC.
using UtcSeconds = std::int64_t;

inline constexpr UtcSeconds kNoTime = std::numeric_limits<UtcSeconds>::min();

/// Whether the text has fields such as %Y.
bool has_time_fields(std::string_view pattern);

/// The moment that `text` names where it fits `pattern` as a whole. Fields, all of fixed width: %Y %y %m %d %j (day of
/// year) %H %M %S, %b (Jan, Feb, ..., any case), %%. Besides, * stands for any text and ? for one character. A field that
/// comes twice has to say the same. A date is needed: %Y or %y, with %j or with %m (or %b) and %d; a day that does not
/// exist, or an hour of 24, does not fit.
std::optional<UtcSeconds> parse_time(std::string_view pattern, std::string_view text);

/// The pattern with its fields filled in; * and ? stay.
std::string fill_time(std::string_view pattern, UtcSeconds time);

/// The pattern with * in the place of every field: what a folder is searched with.
std::string glob_of(std::string_view pattern);

/// "2010-08-26T05:00", with blanks or T between date and time, seconds and a Z if need be.
std::optional<UtcSeconds> parse_iso_time(std::string_view text);

/// "2010-08-26 05:00 UTC", with seconds only where they are not 0.
std::string format_time(UtcSeconds time);

/// A duration in CF's words: the seconds of "seconds since 1970-01-01 00:00:00 UTC" (days, hours, minutes, seconds) and
/// where they are counted from.
struct TimeUnits {
  double seconds = 1;
  UtcSeconds origin = 0;
};
std::optional<TimeUnits> parse_time_units(std::string_view text);

}  // namespace nextframe
