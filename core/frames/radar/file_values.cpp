#include "core/frames/radar/file_values.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

/// Seconds in a text such as "1443614400" or "  1443614400 sec UTC".
std::optional<UtcSeconds> leading_seconds(const std::string& text) {
  char* end = nullptr;
  const long long seconds = std::strtoll(text.c_str(), &end, 10);
  return end == text.c_str() ? std::nullopt : std::optional<UtcSeconds>(seconds);
}

}  // namespace

std::string shortened(std::vector<std::string> names, std::size_t most) {
  const std::size_t count = names.size();
  names.resize(std::min(count, most));
  return names.empty() ? "none" : join(names, ", ") + (count > most ? format(" and {} more", count - most) : "");
}

std::optional<RasterAttribute> value_at(const RasterFile& file, const std::string& path) {
  if (path.empty()) return std::nullopt;
  if (path.find('@') != std::string::npos) return file.attribute(path);
  const RasterArray* array = file.find(path);
  if (array == nullptr) return std::nullopt;
  std::int64_t elements = 1;
  for (const std::int64_t n : array->shape) elements *= n;
  if (elements != 1) return std::nullopt;
  const std::vector<std::int64_t> start(array->shape.size(), 0);
  return RasterAttribute{.text = array->unit, .numbers = file.read(*array, start, array->shape)};
}

UtcSeconds counted_time(double number, const std::string& unit) {
  const TimeUnits units = parse_time_units(unit).value_or(TimeUnits{});
  return units.origin + static_cast<UtcSeconds>(std::llround(number * units.seconds));
}

UtcSeconds time_at(const RasterFile& file, const std::string& path, const std::string& pattern,
                   const std::string& name) {
  const auto value = value_at(file, path);
  if (!value) return kNoTime;
  if (!pattern.empty()) {
    const auto time = parse_time(pattern, value->text);
    if (!time) reject("[radar] {}: {} is \"{}\", which does not fit {}", name, path, value->text, pattern);
    return *time;
  }
  if (const auto time = parse_iso_time(value->text)) return *time;
  if (!value->numbers.empty()) return counted_time(value->numbers.front(), value->text);
  if (const auto seconds = leading_seconds(value->text)) return *seconds;
  reject("[radar] {}: {} is \"{}\", no time", name, path, value->text);
}

double first_number(const RasterFile& file, const std::vector<std::string>& groups, const std::string& key,
                    double otherwise) {
  for (const std::string& group : groups) {
    const auto value = file.attribute(group + "@" + key);
    if (value && !value->numbers.empty()) return value->numbers.front();
  }
  return otherwise;
}

std::string first_text(const RasterFile& file, const std::vector<std::string>& groups, const std::string& key) {
  for (const std::string& group : groups) {
    if (const auto value = file.attribute(group + "@" + key)) return value->text;
  }
  return {};
}

std::string contents_of(const RasterFile& file) {
  std::vector<std::string> arrays;
  for (const RasterArray& array : file.arrays()) {
    std::vector<std::string> sides;
    for (const std::int64_t n : array.shape) sides.push_back(std::to_string(n));
    arrays.push_back(format("{} [{}] {}", array.path, join(sides, ","), array.type));
  }
  return format("arrays: {}; attributes: {}", shortened(arrays, 12), shortened(file.attributes(), 16));
}

const RasterArray& array_named(const RasterFile& file, const std::string& path, const std::string& name) {
  const RasterArray* array = file.find(path);
  if (array == nullptr) reject("[radar] {}: has no array \"{}\"; it has {}", name, path, contents_of(file));
  return *array;
}

}  // namespace nextframe
