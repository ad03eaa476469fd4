#include "core/json/value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe::json {

namespace {

/// Quotes and escapes; what is not UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : to_valid_utf8(text)) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
          out += format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

/// The shortest text that reads back as the same double, always recognisable as not whole.
void append_double(std::string& out, double number) {
  if (!std::isfinite(number)) fail("[json] {} cannot be written: JSON has no such number", number);
  std::array<char, 40> buffer{};
  const double size = std::abs(number);
  const auto style =
      size == 0 || (size >= 1e-6 && size < 1e15) ? std::chars_format::fixed : std::chars_format::scientific;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, style);
  const std::string_view text(buffer.data(), static_cast<std::size_t>(result.ptr - buffer.data()));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_line_break(std::string& out, int indent, int depth) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent * depth), ' ');
}

void append_value(std::string& out, const Value& value, int indent, int depth);

void append_array(std::string& out, const Value::Array& items, int indent, int depth) {
  const bool one_line = indent < 0 || std::none_of(items.begin(), items.end(), [](const Value& item) {
                          return item.is_array() || item.is_object();
                        });
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += one_line && indent >= 0 ? ", " : ",";
    if (!one_line) append_line_break(out, indent, depth + 1);
    append_value(out, items[i], indent, depth + 1);
  }
  if (!one_line) append_line_break(out, indent, depth);
  out += ']';
}

void append_object(std::string& out, const Value::Object& members, int indent, int depth) {
  out += '{';
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out += ',';
    append_line_break(out, indent, depth + 1);
    append_quoted(out, members[i].first);
    out += indent >= 0 ? ": " : ":";
    append_value(out, members[i].second, indent, depth + 1);
  }
  if (!members.empty()) append_line_break(out, indent, depth);
  out += '}';
}

void append_value(std::string& out, const Value& value, int indent, int depth) {
  if (value.is_array()) {
    append_array(out, value.items(""), indent, depth);
  } else if (value.is_object()) {
    append_object(out, value.members(""), indent, depth);
  } else if (value.is_string()) {
    append_quoted(out, value.get<std::string>(""));
  } else if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.get<bool>("") ? "true" : "false";
  } else if (!value.is_integer()) {
    append_double(out, value.get<double>(""));
  } else if (value == Value(0) || value.get<double>("") < 0) {
    out += std::to_string(value.get<std::int64_t>(""));
  } else {
    out += std::to_string(value.get<std::uint64_t>(""));
  }
}

[[noreturn]] void reject_type(const Value& value, std::string_view where, std::string_view expected) {
  reject("{}: got {}, expected {}", where, value.describe(), expected);
}

}  // namespace

Value Value::number_or_null(double number) { return std::isfinite(number) ? Value(number) : Value(); }

bool Value::is_integer() const {
  return std::holds_alternative<std::int64_t>(data_) || std::holds_alternative<std::uint64_t>(data_);
}

std::string Value::describe() const {
  if (is_array()) return "an array";
  if (is_object()) return "an object";
  if (const double* number = std::get_if<double>(&data_); number && !std::isfinite(*number))
    return format("{}", *number);
  if (const std::string* text = std::get_if<std::string>(&data_); text && text->size() > 60) {
    return Value(to_valid_utf8(text->substr(0, 57)) + "...").dump();
  }
  return dump();
}

const Value::Array& Value::items(std::string_view where) const {
  if (!is_array()) reject_type(*this, where, "an array");
  return std::get<Array>(data_);
}

const Value::Object& Value::members(std::string_view where) const {
  if (!is_object()) reject_type(*this, where, "an object");
  return std::get<Object>(data_);
}

Value::Array& Value::items() {
  if (is_null()) data_ = Array{};
  return std::get<Array>(data_);
}

Value::Object& Value::members() {
  if (is_null()) data_ = Object{};
  return std::get<Object>(data_);
}

const Value* Value::find(std::string_view key) const {
  const Object* object = std::get_if<Object>(&data_);
  if (!object) return nullptr;
  const auto found = std::find_if(object->begin(), object->end(), [&](const Member& m) { return m.first == key; });
  return found == object->end() ? nullptr : &found->second;
}

Value* Value::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

const Value& Value::at(std::string_view key, std::string_view where) const {
  members(where);
  const Value* found = find(key);
  if (!found) reject("{}: the key \"{}\" is missing", where, key);
  return *found;
}

Value& Value::set(std::string_view key, Value value) {
  Object& object = members();
  if (Value* found = find(key)) {
    *found = std::move(value);
    return *found;
  }
  return object.emplace_back(std::string(key), std::move(value)).second;
}

void Value::erase(std::string_view key) {
  std::erase_if(members(), [&](const Member& member) { return member.first == key; });
}

std::string Value::dump(int indent) const {
  std::string out;
  append_value(out, *this, indent, 0);
  return out;
}

bool Value::get_bool(std::string_view where) const {
  if (!is_bool()) reject_type(*this, where, "true or false");
  return std::get<bool>(data_);
}

std::int64_t Value::get_signed(std::string_view where, std::int64_t low, std::int64_t high) const {
  std::int64_t number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&data_)) {
    number = *whole;
  } else if (const auto* real = std::get_if<double>(&data_);
             real && std::abs(*real) <= 0x1p53 && *real == std::trunc(*real)) {
    number = static_cast<std::int64_t>(*real);
  } else if (std::holds_alternative<std::uint64_t>(data_)) {
    reject_type(*this, where, format("a whole number up to {}", high));
  } else {
    reject_type(*this, where, "a whole number");
  }
  if (number < low || number > high) reject_type(*this, where, format("a whole number from {} to {}", low, high));
  return number;
}

std::uint64_t Value::get_unsigned(std::string_view where, std::uint64_t high) const {
  std::uint64_t number = 0;
  if (const auto* large = std::get_if<std::uint64_t>(&data_)) {
    number = *large;
  } else {
    const std::int64_t whole =
        get_signed(where, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    if (whole < 0) reject_type(*this, where, format("a whole number from 0 to {}", high));
    number = static_cast<std::uint64_t>(whole);
  }
  if (number > high) reject_type(*this, where, format("a whole number from 0 to {}", high));
  return number;
}

double Value::get_double(std::string_view where) const {
  if (const auto* real = std::get_if<double>(&data_)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*whole);
  if (const auto* large = std::get_if<std::uint64_t>(&data_)) return static_cast<double>(*large);
  reject_type(*this, where, "a number");
}

std::string Value::get_string(std::string_view where) const {
  if (!is_string()) reject_type(*this, where, "a text in quotes");
  return std::get<std::string>(data_);
}

}  // namespace nextframe::json
