#include "core/trade/protobuf.h"

#include <bit>

namespace nextframe {
namespace {

constexpr int kVariableLength = 0;
constexpr int kLengthFirst = 2;
constexpr int kFourBytes = 5;

}  // namespace

/// Seven bits a byte, lowest first; the eighth says that another byte follows.
void ProtobufMessage::variable_length(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>((value & 0x7F) | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void ProtobufMessage::tag(int field, int wire_type) {
  variable_length(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire_type));
}

ProtobufMessage& ProtobufMessage::integer(int field, std::int64_t value) {
  tag(field, kVariableLength);
  variable_length(static_cast<std::uint64_t>(value));
  return *this;
}

ProtobufMessage& ProtobufMessage::number(int field, float value) {
  tag(field, kFourBytes);
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<char>(bits >> shift & 0xFF));
  return *this;
}

ProtobufMessage& ProtobufMessage::text(int field, std::string_view value) {
  tag(field, kLengthFirst);
  variable_length(value.size());
  bytes_ += value;
  return *this;
}

}  // namespace nextframe
