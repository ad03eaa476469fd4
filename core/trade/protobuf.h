#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nextframe {

/// A protobuf message as it stands in a file, built field by field. Knows nothing of what the fields mean; numbers are those
/// of the format's description.
class ProtobufMessage {
 public:
  ProtobufMessage& integer(int field, std::int64_t value);
  ProtobufMessage& number(int field, float value);
  /// Text or bytes.
  ProtobufMessage& text(int field, std::string_view value);
  ProtobufMessage& message(int field, const ProtobufMessage& value) { return text(field, value.bytes_); }

  const std::string& bytes() const { return bytes_; }

 private:
  void variable_length(std::uint64_t value);
  void tag(int field, int wire_type);

  std::string bytes_;
};

}  // namespace nextframe
