#include "core/json/fields.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {

void Problems::reject_if_any(std::string_view where) const {
  if (list_.empty()) return;
  if (list_.size() == 1) reject("{}: {}", where, list_.front());
  reject("{}: {} problems\n  {}", where, list_.size(), join(list_, "\n  "));
}

namespace json {

namespace {

/// A bound as it would be written in a configuration: whole where it is.
Value bound(double number) {
  if (number == std::trunc(number) && std::abs(number) < 0x1p53) return Value(static_cast<std::int64_t>(number));
  return Value(number);
}

}  // namespace

std::string child_path(const std::string& parent, std::string_view key) {
  return parent.empty() ? std::string(key) : parent + "." + std::string(key);
}

std::string item_path(const std::string& parent, std::size_t index) {
  return parent + "[" + std::to_string(index) + "]";
}

std::string suggestion(std::string_view wrong, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(wrong, names);
  if (!nearest.empty()) return format("; did you mean \"{}\"?", nearest);
  if (names.empty()) return "";
  return format("; known are {}", join(names, ", "));
}

std::string wrong_value(const std::string& path, const Value& got, std::string_view expected) {
  return format("{}: got {}, expected {}", path.empty() ? "the document" : path, got.describe(), expected);
}

std::string expected_number(bool whole, const FieldInfo& info) {
  const std::string kind = whole ? "a whole number" : "a number";
  const bool has_min = std::isfinite(info.min);
  const bool has_max = std::isfinite(info.max);
  if (!has_min && !has_max) return kind;
  if (has_min && has_max && !info.exclusive_min) {
    return format("{} from {} to {}", kind, bound(info.min).dump(), bound(info.max).dump());
  }
  std::string text = kind;
  if (has_min) text += format(" {} {}", info.exclusive_min ? "above" : "of at least", bound(info.min).dump());
  if (has_max) text += format("{} at most {}", has_min ? " and" : "", bound(info.max).dump());
  return text;
}

bool in_range(double number, const FieldInfo& info) {
  const bool above = info.exclusive_min ? number > info.min : number >= info.min;
  return above && number <= info.max;
}

void FieldReader::finish() const {
  for (const auto& [key, value] : object_.members(path_)) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    problems_.add(format("{}: unknown key{}", child_path(path_, to_valid_utf8(key)), suggestion(key, known_)));
  }
}

Value SchemaWriter::take() {
  Value schema;
  schema.set("type", "object");
  schema.set("properties", std::move(properties_));
  schema.set("additionalProperties", false);
  return schema;
}

Value number_schema(bool whole, const FieldInfo& info) {
  Value schema;
  schema.set("type", whole ? "integer" : "number");
  if (std::isfinite(info.min)) schema.set(info.exclusive_min ? "exclusiveMinimum" : "minimum", bound(info.min));
  if (std::isfinite(info.max)) schema.set("maximum", bound(info.max));
  return schema;
}

Value nullable(Value schema) {
  Value null;
  null.set("type", "null");
  Value either;
  either.set("anyOf", Value(Value::Array{std::move(schema), std::move(null)}));
  return either;
}

Value list_schema(Value item, std::size_t fixed_size) {
  Value schema;
  schema.set("type", "array");
  schema.set("items", std::move(item));
  if (fixed_size > 0) {
    schema.set("minItems", fixed_size);
    schema.set("maxItems", fixed_size);
  }
  return schema;
}

Value map_schema(Value item) {
  Value schema;
  schema.set("type", "object");
  schema.set("additionalProperties", std::move(item));
  return schema;
}

}  // namespace json

}  // namespace nextframe
