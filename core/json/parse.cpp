#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/json/value.h"

namespace nextframe::json {

namespace {

constexpr std::size_t kMaxDepth = 200;

/// Walks over the text and leaves behind how far the lexer has read, which the library does not tell for keys.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* position, const char** reached) : position_(position), reached_(reached) {}

  reference operator*() const { return *position_; }
  TrackedIterator& operator++() {
    *reached_ = ++position_;
    return *this;
  }
  TrackedIterator operator++(int) {
    TrackedIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const TrackedIterator& other) const { return position_ == other.position_; }
  bool operator!=(const TrackedIterator& other) const { return position_ != other.position_; }

 private:
  const char* position_;
  const char** reached_;
};

/// The library's message without its "[json.exception...] parse error at line ..., column ...:" beginning.
std::string plain_message(std::string_view message) {
  for (const std::string_view mark : {"] parse error at line ", "] "}) {
    const std::size_t found = message.find(mark);
    if (found == std::string_view::npos) continue;
    message.remove_prefix(found + mark.size());
    if (mark.size() > 2) {
      const std::size_t colon = message.find(": ");
      if (colon != std::string_view::npos) message.remove_prefix(colon + 2);
    }
    break;
  }
  return std::string(message);
}

class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(std::string_view text, std::string_view name, const char* const* reached)
      : text_(text), name_(name), reached_(reached) {}

  Value take() { return std::move(root_); }

  bool null() override { return add(Value()); }
  bool boolean(bool value) override { return add(Value(value)); }
  bool number_integer(number_integer_t value) override { return add(Value(value)); }
  bool number_unsigned(number_unsigned_t value) override { return add(Value(value)); }
  bool number_float(number_float_t value, const string_t&) override { return add(Value(value)); }
  bool string(string_t& value) override { return add(Value(std::move(value))); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return open(Value::object()); }
  bool start_array(std::size_t) override { return open(Value::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& value) override {
    Level& level = levels_.back();
    if (!level.keys.insert(value).second) {
      reject_at(static_cast<std::size_t>(*reached_ - text_.data()),
                format("the key {} comes twice in this object", Value(value).describe()));
    }
    level.key = std::move(value);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    reject_at(position, plain_message(error.what()));
  }

 private:
  struct Level {
    Value value;
    std::string key;
    std::set<std::string> keys;
  };

  bool add(Value value) {
    if (levels_.empty()) {
      root_ = std::move(value);
    } else if (Level& level = levels_.back(); level.value.is_array()) {
      level.value.push_back(std::move(value));
    } else {
      level.value.members().emplace_back(std::move(level.key), std::move(value));
    }
    return true;
  }

  bool open(Value empty) {
    if (levels_.size() >= kMaxDepth) {
      reject_at(static_cast<std::size_t>(*reached_ - text_.data()), format("nested deeper than {}", kMaxDepth));
    }
    levels_.push_back({std::move(empty), {}, {}});
    return true;
  }

  bool close() {
    Value value = std::move(levels_.back().value);
    levels_.pop_back();
    return add(std::move(value));
  }

  /// `position` counts the bytes read up to and including the one at fault.
  [[noreturn]] void reject_at(std::size_t position, const std::string& message) const {
    std::size_t line = 1;
    std::size_t column = 0;
    for (std::size_t i = 0; i < std::min(position, text_.size()); ++i) {
      if (i > 0 && text_[i - 1] == '\n') {
        ++line;
        column = 0;
      }
      // Columns count characters: the following bytes of a UTF-8 sequence do not count.
      if ((static_cast<unsigned char>(text_[i]) & 0xC0) != 0x80) ++column;
    }
    if (position > text_.size()) ++column;
    reject("{}:{}:{}: {}", name_, line, std::max<std::size_t>(column, 1), message);
  }

  std::string_view text_;
  std::string_view name_;
  const char* const* reached_;
  std::vector<Level> levels_;
  Value root_;
};

}  // namespace

Value parse(std::string_view text, std::string_view name, Comments comments) {
  const char* reached = text.data();
  TreeBuilder builder(text, name, &reached);
  const bool ok = nlohmann::json::sax_parse(
      TrackedIterator(text.data(), &reached), TrackedIterator(text.data() + text.size(), &reached), &builder,
      nlohmann::json::input_format_t::json, /*strict=*/true, /*ignore_comments=*/comments == Comments::kAllowed);
  if (!ok) reject("{}: not a JSON document", name);
  return builder.take();
}

Value read_file(const std::filesystem::path& path) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code)) reject("[json] {}: is a folder, expected a file", path.string());
  std::ifstream stream(path, std::ios::binary);
  if (!stream) reject("[json] {}: cannot be read: {}", path.string(), std::strerror(errno));
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (stream.bad()) fail("[json] {}: reading failed: {}", path.string(), std::strerror(errno));
  return parse(text, path.string(), Comments::kAllowed);
}

}  // namespace nextframe::json
