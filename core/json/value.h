#pragma once

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace nextframe::json {

/// A JSON document as a tree of values. Objects keep their order. Numbers keep whether they were whole: a whole number
/// is held exactly as std::int64_t (or std::uint64_t above that), everything else as double.
class Value {
 public:
  using Array = std::vector<Value>;
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>;

  Value() = default;
  Value(std::nullptr_t) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(Array items) : data_(std::move(items)) {}
  Value(Object members) : data_(std::move(members)) {}
  template <class T>
  requires std::is_arithmetic_v<T> Value(T number) : data_(stored(number)) {}

  static Value array() { return Value(Array{}); }
  static Value object() { return Value(Object{}); }
  /// A JSON number, or null where `number` is NaN or infinite, which JSON cannot hold.
  static Value number_or_null(double number);

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const;
  /// Whole or not.
  bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }

  /// What a message calls this value: "null", "true", "1.7", "\"text\"" (shortened), "an array", "an object".
  std::string describe() const;

  /// The value as bool, an integer type, float, double or std::string. Nothing is converted silently: 1.7 is not an
  /// integer, 3000000000 does not fit an int, "1" and true are not numbers (1e3 and 2.0 are whole and pass). Otherwise
  /// an Error of kind kRequest that begins with `where`.
  template <class T>
  T get(std::string_view where) const {
    if constexpr (std::is_same_v<T, bool>) {
      return get_bool(where);
    } else if constexpr (std::signed_integral<T>) {
      return static_cast<T>(get_signed(where, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
    } else if constexpr (std::unsigned_integral<T>) {
      return static_cast<T>(get_unsigned(where, std::numeric_limits<T>::max()));
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(get_double(where));
    } else {
      static_assert(std::is_same_v<T, std::string>, "bool, integers, float, double and std::string can be read");
      return get_string(where);
    }
  }

  /// Elements or members; an Error that begins with `where` for any other type.
  const Array& items(std::string_view where) const;
  const Object& members(std::string_view where) const;
  /// Elements or members to change; a null value becomes an empty array or object first.
  Array& items();
  Object& members();

  /// The member of that name, or nullptr when absent or when this is no object.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  /// The member of that name; an Error naming `where` and the key when absent.
  const Value& at(std::string_view key, std::string_view where) const;
  /// Replaces the member of that name in its place, or adds it at the end.
  Value& set(std::string_view key, Value value);
  void erase(std::string_view key);
  void push_back(Value value) { items().push_back(std::move(value)); }

  /// The document as text. `indent` < 0 gives one line; otherwise arrays of scalars stay on one line and everything
  /// else is indented. Doubles are written so that reading gives the same bits. Bytes that are not UTF-8 become U+FFFD.
  /// NaN and infinity are an Error of kind kFailure.
  std::string dump(int indent = -1) const;

  bool operator==(const Value&) const = default;

 private:
  using Data = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>;

  template <class T>
  static Data stored(T number) {
    if constexpr (std::is_same_v<T, bool>) {
      return number;
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<double>(number);
    } else {
      return std::in_range<std::int64_t>(number) ? Data(static_cast<std::int64_t>(number))
                                                 : Data(static_cast<std::uint64_t>(number));
    }
  }

  bool get_bool(std::string_view where) const;
  std::int64_t get_signed(std::string_view where, std::int64_t low, std::int64_t high) const;
  std::uint64_t get_unsigned(std::string_view where, std::uint64_t high) const;
  double get_double(std::string_view where) const;
  std::string get_string(std::string_view where) const;

  Data data_;
};

enum class Comments { kRefused, kAllowed };

/// Reads one document. An Error of kind kRequest names `name`, line and column for a syntax error, a key that comes
/// twice in one object, text that is not UTF-8, a number beyond double's range, or nesting deeper than 200.
Value parse(std::string_view text, std::string_view name, Comments comments = Comments::kRefused);

/// Reads a file with comments allowed.
Value read_file(const std::filesystem::path& path);

}  // namespace nextframe::json
