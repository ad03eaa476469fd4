#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nextframe {

/// Writes the wire format of protocol buffers, little-endian: a message is a run of fields, each a number with its type in
/// front of a value.
class ProtobufWriter {
 public:
  void whole(std::uint32_t field, std::uint64_t value) {
    key(field, 0);
    variable(value);
  }
  void real64(std::uint32_t field, double value) {
    key(field, 1);
    fixed(std::bit_cast<std::uint64_t>(value), 8);
  }
  void real32(std::uint32_t field, float value) {
    key(field, 5);
    fixed(std::bit_cast<std::uint32_t>(value), 4);
  }
  /// Text, bytes, or a message of its own.
  void bytes(std::uint32_t field, std::string_view value) {
    key(field, 2);
    variable(value.size());
    out_ += value;
  }
  const std::string& message() const { return out_; }

  /// The lowest `count` bytes of a number, lowest first.
  static void append_fixed(std::string& out, std::uint64_t value, int count) {
    for (int i = 0; i < count; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
  }

 private:
  void key(std::uint32_t field, std::uint32_t type) { variable(std::uint64_t{field} << 3 | type); }
  void variable(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void fixed(std::uint64_t value, int count) { append_fixed(out_, value, count); }

  std::string out_;
};

/// Reads it, field by field. What is cut off or malformed ends it.
class ProtobufReader {
 public:
  struct Field {
    std::uint32_t number = 0;
    std::uint64_t bits = 0;       ///< of a number, whatever its type
    std::string_view bytes = {};  ///< of everything else

    double real64() const { return std::bit_cast<double>(bits); }
    float real32() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits)); }
  };

  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  std::optional<Field> next() {
    const std::optional<std::uint64_t> key = variable();
    if (!key) return std::nullopt;
    Field field{.number = static_cast<std::uint32_t>(*key >> 3)};
    std::optional<std::uint64_t> value;
    switch (*key & 7) {
      case 0:
        value = variable();
        break;
      case 1:
        value = fixed(rest_, 8);
        if (value) rest_.remove_prefix(8);
        break;
      case 5:
        value = fixed(rest_, 4);
        if (value) rest_.remove_prefix(4);
        break;
      case 2:
        value = variable();
        if (!value || *value > rest_.size()) return std::nullopt;
        field.bytes = rest_.substr(0, *value);
        rest_.remove_prefix(*value);
        break;
      default:
        break;
    }
    if (!value) return std::nullopt;
    field.bits = *value;
    return field;
  }

  /// The number in the first `count` bytes; nothing where there are fewer.
  static std::optional<std::uint64_t> fixed(std::string_view bytes, std::size_t count) {
    if (bytes.size() < count) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return value;
  }

 private:
  std::optional<std::uint64_t> variable() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

}  // namespace nextframe
