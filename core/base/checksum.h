#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/format.h"

namespace nextframe {

/// A 64-bit checksum that changes with any one bit: FNV-1a (Fowler, Noll and Vo) over words instead of bytes, with a
/// shift behind each product that brings high bits down. Against accidents, not against malice.
class Checksum {
 public:
  void add(std::uint64_t word) {
    sum_ ^= word;
    sum_ *= 0x100000001b3ULL;
    sum_ ^= sum_ >> 29;
  }
  /// Bytes, eight at a time, and how many they are.
  void add(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const char*>(data);
    std::size_t done = 0;
    for (; done + sizeof(std::uint64_t) <= size; done += sizeof(std::uint64_t)) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes + done, sizeof(word));
      add(word);
    }
    std::uint64_t rest = 0;
    if (done < size) std::memcpy(&rest, bytes + done, size - done);
    add(rest);
    add(static_cast<std::uint64_t>(size));
  }
  void add(std::string_view text) { add(text.data(), text.size()); }

  std::uint64_t value() const { return sum_; }
  /// Sixteen hexadecimal digits.
  std::string text() const { return format("{:016x}", sum_); }

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325ULL;
};

}  // namespace nextframe
