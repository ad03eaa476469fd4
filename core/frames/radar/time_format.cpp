#include "core/frames/radar/time_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>

#include "core/base/format.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

constexpr std::int64_t kDay = 86400;
constexpr int kUnset = -1;
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Fields {
  int year = kUnset, month = kUnset, day = kUnset, day_of_year = kUnset;
  int hour = kUnset, minute = kUnset, second = kUnset;
};

bool agree(int& field, int value) {
  if (field == kUnset) field = value;
  return field == value;
}

/// A whole number of exactly `digits` digits at the front of the text.
std::optional<int> digits_of(std::string_view text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<int> month_named(std::string_view text) {
  const auto same = [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); };
  for (std::size_t month = 0; month < kMonths.size(); ++month) {
    if (std::ranges::equal(kMonths[month], text.substr(0, 3), same)) return static_cast<int>(month) + 1;
  }
  return std::nullopt;
}

/// Reads the field `letter` from the front of the text; returns the characters that it took, 0 where it does not fit.
std::size_t read_field(char letter, std::string_view text, Fields& fields) {
  struct Rule {
    char letter;
    std::size_t digits;
    int least, most;
    int Fields::*field;
  };
  constexpr std::array<Rule, 7> kRules{{{'Y', 4, 1, 9999, &Fields::year},
                                        {'m', 2, 1, 12, &Fields::month},
                                        {'d', 2, 1, 31, &Fields::day},
                                        {'j', 3, 1, 366, &Fields::day_of_year},
                                        {'H', 2, 0, 23, &Fields::hour},
                                        {'M', 2, 0, 59, &Fields::minute},
                                        {'S', 2, 0, 59, &Fields::second}}};
  if (letter == '%') return text.starts_with('%') ? 1 : 0;
  if (letter == 'b') {
    const auto month = month_named(text);
    return month && agree(fields.month, *month) ? 3 : 0;
  }
  if (letter == 'y') {
    // Two digits as POSIX reads them: 69 to 99 are the last century.
    const auto year = digits_of(text, 2);
    return year && agree(fields.year, *year + (*year < 69 ? 2000 : 1900)) ? 2 : 0;
  }
  for (const Rule& rule : kRules) {
    if (rule.letter != letter) continue;
    const auto value = digits_of(text, rule.digits);
    return value && *value >= rule.least && *value <= rule.most && agree(fields.*rule.field, *value) ? rule.digits : 0;
  }
  return 0;
}

bool match(std::string_view pattern, std::string_view text, Fields fields, Fields& found) {
  while (!pattern.empty()) {
    if (pattern[0] == '*') {
      for (std::size_t skip = 0; skip <= text.size(); ++skip) {
        if (match(pattern.substr(1), text.substr(skip), fields, found)) return true;
      }
      return false;
    }
    if (pattern[0] == '%' && pattern.size() > 1) {
      const std::size_t taken = read_field(pattern[1], text, fields);
      if (taken == 0) return false;
      pattern.remove_prefix(2);
      text.remove_prefix(taken);
      continue;
    }
    if (text.empty() || (pattern[0] != '?' && pattern[0] != text[0])) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  if (!text.empty()) return false;
  found = fields;
  return true;
}

std::optional<UtcSeconds> moment_of(const Fields& fields) {
  using namespace std::chrono;
  if (fields.year == kUnset) return std::nullopt;
  const std::chrono::year year(fields.year);
  sys_days date;
  if (fields.day_of_year != kUnset) {
    if (fields.day_of_year > (year.is_leap() ? 366 : 365)) return std::nullopt;
    date = sys_days(year / January / 1) + days(fields.day_of_year - 1);
    const year_month_day parts(date);
    if (fields.month != kUnset && unsigned(parts.month()) != static_cast<unsigned>(fields.month)) return std::nullopt;
    if (fields.day != kUnset && unsigned(parts.day()) != static_cast<unsigned>(fields.day)) return std::nullopt;
  } else {
    if (fields.month == kUnset || fields.day == kUnset) return std::nullopt;
    const year_month_day parts(year, month(static_cast<unsigned>(fields.month)),
                               day(static_cast<unsigned>(fields.day)));
    if (!parts.ok()) return std::nullopt;
    date = parts;
  }
  return date.time_since_epoch().count() * kDay + std::max(0, fields.hour) * 3600 + std::max(0, fields.minute) * 60 +
         std::max(0, fields.second);
}

}  // namespace

bool has_time_fields(std::string_view pattern) {
  constexpr std::string_view kLetters = "YymbdjHMS";
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '%') continue;
    if (kLetters.find(pattern[i + 1]) != std::string_view::npos) return true;
    ++i;
  }
  return false;
}

std::optional<UtcSeconds> parse_time(std::string_view pattern, std::string_view text) {
  Fields fields;
  if (!match(pattern, text, {}, fields)) return std::nullopt;
  return moment_of(fields);
}

std::string fill_time(std::string_view pattern, UtcSeconds time) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(time)};
  const sys_days date = floor<days>(moment);
  const year_month_day parts(date);
  const hh_mm_ss clock(moment - date);
  const auto day_of_year = (date - sys_days(parts.year() / January / 1)).count() + 1;
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      text += pattern[i];
      continue;
    }
    switch (pattern[++i]) {
      case 'Y':
        text += format("{:04}", int(parts.year()));
        break;
      case 'y':
        text += format("{:02}", int(parts.year()) % 100);
        break;
      case 'm':
        text += format("{:02}", unsigned(parts.month()));
        break;
      case 'b':
        text += kMonths[unsigned(parts.month()) - 1];
        break;
      case 'd':
        text += format("{:02}", unsigned(parts.day()));
        break;
      case 'j':
        text += format("{:03}", day_of_year);
        break;
      case 'H':
        text += format("{:02}", clock.hours().count());
        break;
      case 'M':
        text += format("{:02}", clock.minutes().count());
        break;
      case 'S':
        text += format("{:02}", clock.seconds().count());
        break;
      default:
        text += pattern[i];
        break;
    }
  }
  return text;
}

std::string glob_of(std::string_view pattern) {
  std::string glob;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      glob += pattern[i];
    } else if (pattern[++i] == '%') {
      glob += '%';
    } else if (!glob.ends_with('*')) {
      glob += '*';
    }
  }
  return glob;
}

std::optional<UtcSeconds> parse_iso_time(std::string_view text) {
  std::string plain(text);
  if (plain.ends_with('Z')) plain.pop_back();
  if (plain.ends_with(" UTC")) plain.resize(plain.size() - 4);
  if (plain.size() > 10 && plain[10] == ' ') plain[10] = 'T';
  for (const std::string_view pattern : {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.*"}) {
    if (const auto time = parse_time(pattern, plain)) return time;
  }
  return std::nullopt;
}

std::string format_time(UtcSeconds time) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(time)};
  const sys_days date = floor<days>(moment);
  const year_month_day parts(date);
  const hh_mm_ss clock(moment - date);
  std::string text = format("{:04}-{:02}-{:02} {:02}:{:02}", int(parts.year()), unsigned(parts.month()),
                            unsigned(parts.day()), clock.hours().count(), clock.minutes().count());
  if (clock.seconds().count() != 0) text += format(":{:02}", clock.seconds().count());
  return text + " UTC";
}

std::optional<TimeUnits> parse_time_units(std::string_view text) {
  const std::size_t since = text.find(" since ");
  if (since == std::string_view::npos) return std::nullopt;
  const std::string_view unit = text.substr(0, since);
  TimeUnits units;
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits{
      {{"day", 86400}, {"hour", 3600}, {"min", 60}, {"s", 1}}};
  const auto found = std::ranges::find_if(kUnits, [&](const auto& known) { return unit.starts_with(known.first); });
  if (found == kUnits.end()) return std::nullopt;
  units.seconds = found->second;
  const auto origin = parse_iso_time(text.substr(since + 7));
  if (!origin) return std::nullopt;
  units.origin = *origin;
  return units;
}

}  // namespace nextframe
