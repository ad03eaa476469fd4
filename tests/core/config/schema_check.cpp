#include "tests/core/config/schema_check.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace nextframe::test {

namespace {

using json::Value;

bool has_type(const Value& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "null") return value.is_null();
  if (type == "number") return value.is_number();
  if (type == "integer") return value.is_number() && value.get<double>("") == std::trunc(value.get<double>(""));
  throw std::logic_error("unknown type " + type);
}

bool members_valid(const Value& value, const Value& schema) {
  const Value* properties = schema.find("properties");
  for (const auto& [key, member] : value.members("")) {
    const Value* property = properties ? properties->find(key) : nullptr;
    if (!property) property = schema.find("additionalProperties");
    if (!property) continue;
    if (property->is_bool()) {
      if (!property->get<bool>("")) return false;
    } else if (!is_valid(member, *property)) {
      return false;
    }
  }
  return true;
}

bool keyword_holds(const Value& value, const std::string& key, const Value& rule, const Value& schema) {
  if (key == "type") return has_type(value, rule.get<std::string>(""));
  if (key == "enum") return std::count(rule.items("").begin(), rule.items("").end(), value) > 0;
  if (key == "anyOf") {
    return std::any_of(rule.items("").begin(), rule.items("").end(),
                       [&](const Value& s) { return is_valid(value, s); });
  }
  if (key == "properties") return !value.is_object() || members_valid(value, schema);
  if (key == "items") {
    return !value.is_array() || std::all_of(value.items("").begin(), value.items("").end(),
                                            [&](const Value& item) { return is_valid(item, rule); });
  }
  const double bound = rule.is_number() ? rule.get<double>("") : 0;
  if (key == "minItems") return !value.is_array() || static_cast<double>(value.items("").size()) >= bound;
  if (key == "maxItems") return !value.is_array() || static_cast<double>(value.items("").size()) <= bound;
  if (key == "minimum") return !value.is_number() || value.get<double>("") >= bound;
  if (key == "exclusiveMinimum") return !value.is_number() || value.get<double>("") > bound;
  if (key == "maximum") return !value.is_number() || value.get<double>("") <= bound;
  if (key == "$schema" || key == "title" || key == "description" || key == "default" || key == "additionalProperties") {
    return true;
  }
  throw std::logic_error("unknown keyword " + key);
}

}  // namespace

bool is_valid(const Value& value, const Value& schema) {
  return std::all_of(schema.members("").begin(), schema.members("").end(), [&](const Value::Member& keyword) {
    return keyword_holds(value, keyword.first, keyword.second, schema);
  });
}

}  // namespace nextframe::test
