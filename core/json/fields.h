#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/json/value.h"

/// Options structs list their fields once, in a member template
///     template <class Visitor> void fields(Visitor& v) { v.field("lr", lr, {.doc = "learning rate", .min = 0}); }
/// and get from it: reading with every problem found at once, writing of effective values, and a JSON schema.
/// A field is bool, an integer, float or double, std::string, an enum with `enum_names` found by argument-dependent
/// lookup, a struct with `fields`, or std::optional, std::vector, std::array or std::map<std::string, ...> of these.
namespace nextframe {

struct FieldInfo {
  std::string_view doc = {};
  double min = -std::numeric_limits<double>::infinity();  ///< of a number, or of each number in a list
  double max = std::numeric_limits<double>::infinity();
  bool exclusive_min = false;
};

/// Collects complaints, so that the user sees all of them at once.
class Problems {
 public:
  void add(std::string problem) { list_.push_back(std::move(problem)); }
  bool empty() const { return list_.empty(); }
  const std::vector<std::string>& list() const { return list_; }
  /// Throws an Error of kind kRequest with one line a problem after "`where`: N problems"; does nothing when there is
  /// none.
  void reject_if_any(std::string_view where) const;

 private:
  std::vector<std::string> list_;
};

namespace json {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsArray : std::false_type {};
template <class T, std::size_t N>
struct IsArray<std::array<T, N>> : std::true_type {};
template <class T>
struct IsMap : std::false_type {};
template <class T>
struct IsMap<std::map<std::string, T>> : std::true_type {};

template <class E>
std::vector<std::string> enum_name_list() {
  std::vector<std::string> names;
  for (const auto& entry : enum_names(E{})) names.emplace_back(entry.first);
  return names;
}

/// "parent.key", or "key" at the top.
std::string child_path(const std::string& parent, std::string_view key);
/// "parent[index]".
std::string item_path(const std::string& parent, std::size_t index);
/// "; did you mean "lr"?", or the list of all names when none is near.
std::string suggestion(std::string_view wrong, const std::vector<std::string>& names);
std::string wrong_value(const std::string& path, const Value& got, std::string_view expected);
/// "a number above 0, at most 10" and the like.
std::string expected_number(bool whole, const FieldInfo& info);
bool in_range(double number, const FieldInfo& info);

template <class T>
void read_value(const Value& value, const std::string& path, const FieldInfo& info, T& target, Problems& problems);

/// The visitor that fills an options struct from a JSON object. Fields that are absent keep their value.
class FieldReader {
 public:
  FieldReader(const Value& object, std::string path, Problems& problems)
      : object_(object), path_(std::move(path)), problems_(problems) {}

  template <class T>
  void field(std::string_view name, T& target, const FieldInfo& info = {}) {
    known_.emplace_back(name);
    if (const Value* value = object_.find(name)) read_value(*value, child_path(path_, name), info, target, problems_);
  }

  /// Complains about every key that no field has asked for.
  void finish() const;

 private:
  const Value& object_;
  std::string path_;
  Problems& problems_;
  std::vector<std::string> known_;
};

template <class T>
void read_number(const Value& value, const std::string& path, const FieldInfo& info, T& target, Problems& problems) {
  constexpr bool kWhole = std::is_integral_v<T>;
  try {
    const T number = value.get<T>(path);
    if (in_range(static_cast<double>(number), info)) {
      target = number;
      return;
    }
  } catch (const std::exception&) {
    // The message below says what this field expects, which the value itself does not know.
  }
  problems.add(wrong_value(path, value, expected_number(kWhole, info)));
}

template <class E>
void read_enum(const Value& value, const std::string& path, E& target, Problems& problems) {
  const std::vector<std::string> names = enum_name_list<E>();
  std::string got;
  if (value.is_string()) {
    got = value.get<std::string>(path);
    for (const auto& [name, number] : enum_names(E{})) {
      if (name == got) {
        target = number;
        return;
      }
    }
  }
  problems.add(wrong_value(path, value, "one of " + join(names, ", ")) + suggestion(got, names));
}

template <class List>
void read_list(const Value& value, const std::string& path, const FieldInfo& info, List& target, Problems& problems) {
  if (!value.is_array()) {
    problems.add(wrong_value(path, value, "a list in brackets"));
    return;
  }
  const Value::Array& items = value.items(path);
  if constexpr (IsArray<List>::value) {
    if (items.size() != target.size()) {
      problems.add(path + ": got " + std::to_string(items.size()) + " values, expected " +
                   std::to_string(target.size()));
      return;
    }
  } else {
    target.assign(items.size(), {});
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    if constexpr (std::is_same_v<List, std::vector<bool>>) {
      bool item = false;
      read_value(items[i], item_path(path, i), info, item, problems);
      target[i] = item;
    } else {
      read_value(items[i], item_path(path, i), info, target[i], problems);
    }
  }
}

template <class Map>
void read_map(const Value& value, const std::string& path, const FieldInfo& info, Map& target, Problems& problems) {
  if (!value.is_object()) {
    problems.add(wrong_value(path, value, "an object in braces"));
    return;
  }
  target.clear();
  for (const auto& [key, member] : value.members(path)) {
    read_value(member, child_path(path, key), info, target[key], problems);
  }
}

template <class T>
void read_value(const Value& value, const std::string& path, const FieldInfo& info, T& target, Problems& problems) {
  if constexpr (std::is_same_v<T, bool>) {
    if (value.is_bool()) {
      target = value.get<bool>(path);
    } else {
      problems.add(wrong_value(path, value, "true or false"));
    }
  } else if constexpr (std::is_arithmetic_v<T>) {
    read_number(value, path, info, target, problems);
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (value.is_string()) {
      target = value.get<std::string>(path);
    } else {
      problems.add(wrong_value(path, value, "a text in quotes"));
    }
  } else if constexpr (std::is_enum_v<T>) {
    read_enum(value, path, target, problems);
  } else if constexpr (IsOptional<T>::value) {
    if (value.is_null()) {
      target.reset();
    } else {
      read_value(value, path, info, target.emplace(), problems);
    }
  } else if constexpr (IsVector<T>::value || IsArray<T>::value) {
    read_list(value, path, info, target, problems);
  } else if constexpr (IsMap<T>::value) {
    read_map(value, path, info, target, problems);
  } else {
    if (!value.is_object()) {
      problems.add(wrong_value(path, value, "an object in braces"));
      return;
    }
    FieldReader reader(value, path, problems);
    target.fields(reader);
    reader.finish();
  }
}

template <class T>
Value write_value(T& source);

/// The visitor that writes every field, defaults included.
class FieldWriter {
 public:
  template <class T>
  void field(std::string_view name, T& source, const FieldInfo& = {}) {
    object_.set(name, write_value(source));
  }
  Value take() { return std::move(object_); }

 private:
  Value object_ = Value::object();
};

template <class T>
Value write_value(T& source) {
  if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>) {
    return Value(source);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& [name, number] : enum_names(T{})) {
      if (number == source) return Value(name);
    }
    return Value();
  } else if constexpr (IsOptional<T>::value) {
    return source ? write_value(*source) : Value();
  } else if constexpr (IsVector<T>::value || IsArray<T>::value) {
    Value list = Value::array();
    if constexpr (std::is_same_v<T, std::vector<bool>>) {
      for (const bool item : source) list.push_back(item);
    } else {
      for (auto& item : source) list.push_back(write_value(item));
    }
    return list;
  } else if constexpr (IsMap<T>::value) {
    Value map = Value::object();
    for (auto& [key, item] : source) map.set(key, write_value(item));
    return map;
  } else {
    FieldWriter writer;
    source.fields(writer);
    return writer.take();
  }
}

template <class T>
Value schema_value(T& defaults, const FieldInfo& info);

/// The visitor that describes every field as a JSON schema (draft 2020-12).
class SchemaWriter {
 public:
  template <class T>
  void field(std::string_view name, T& defaults, const FieldInfo& info = {}) {
    Value schema = schema_value(defaults, info);
    if (!info.doc.empty()) schema.set("description", info.doc);
    if constexpr (!requires(SchemaWriter & v) { defaults.fields(v); }) schema.set("default", write_value(defaults));
    properties_.set(name, std::move(schema));
  }
  Value take();

 private:
  Value properties_ = Value::object();
};

Value number_schema(bool whole, const FieldInfo& info);
/// The same schema, with null allowed too.
Value nullable(Value schema);
Value list_schema(Value item, std::size_t fixed_size);
Value map_schema(Value item);

template <class T>
Value schema_value(T& defaults, const FieldInfo& info) {
  if constexpr (std::is_same_v<T, bool>) {
    Value schema;
    schema.set("type", "boolean");
    return schema;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return number_schema(std::is_integral_v<T>, info);
  } else if constexpr (std::is_same_v<T, std::string>) {
    Value schema;
    schema.set("type", "string");
    return schema;
  } else if constexpr (std::is_enum_v<T>) {
    Value names = Value::array();
    for (const std::string& name : enum_name_list<T>()) names.push_back(name);
    Value schema;
    schema.set("enum", std::move(names));
    return schema;
  } else if constexpr (IsOptional<T>::value) {
    typename T::value_type inner{};
    return nullable(schema_value(inner, info));
  } else if constexpr (IsVector<T>::value) {
    typename T::value_type inner{};
    return list_schema(schema_value(inner, info), 0);
  } else if constexpr (IsArray<T>::value) {
    return list_schema(schema_value(defaults[0], info), defaults.size());
  } else if constexpr (IsMap<T>::value) {
    typename T::mapped_type inner{};
    return map_schema(schema_value(inner, info));
  } else {
    SchemaWriter writer;
    defaults.fields(writer);
    return writer.take();
  }
}

}  // namespace json

/// Fills `options` from a JSON object; `path` is where the object stands in the document ("" at the top).
template <class T>
void read_fields(const json::Value& object, const std::string& path, T& options, Problems& problems) {
  json::read_value(object, path, {}, options, problems);
}

/// Reads an options struct; an Error of kind kRequest lists all problems. `where` begins the message.
template <class T>
T options_from_json(const json::Value& object, std::string_view where) {
  T options{};
  Problems problems;
  read_fields(object, "", options, problems);
  problems.reject_if_any(where);
  return options;
}

/// Every field with its effective value.
template <class T>
json::Value options_to_json(const T& options) {
  T copy = options;
  return json::write_value(copy);
}

/// The JSON schema of an options struct, with the defaults of a freshly made one.
template <class T>
json::Value schema_of() {
  T defaults{};
  return json::schema_value(defaults, {});
}

/// The name that `enum_names` gives to the value.
template <class E>
requires std::is_enum_v<E> std::string enum_name(E value) {
  for (const auto& [name, number] : enum_names(E{})) {
    if (number == value) return std::string(name);
  }
  return {};
}

}  // namespace nextframe
