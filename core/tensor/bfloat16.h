#pragma once

#include <bit>
#include <cstdint>

namespace nextframe {

/// A number of 16 bits, the upper half of a float: its range with 8 significant bits. For storage; arithmetic is done in
/// float or double, to which it converts by itself. The way back rounds to nearest, ties to even; what is beyond the
/// largest number becomes infinite, a NaN stays a NaN.
class BFloat16 {
 public:
  BFloat16() = default;
  explicit BFloat16(float value) : bits_(rounded(std::bit_cast<std::uint32_t>(value))) {}
  explicit BFloat16(double value) : BFloat16(static_cast<float>(value)) {}

  static BFloat16 from_bits(std::uint16_t bits) {
    BFloat16 value;
    value.bits_ = bits;
    return value;
  }
  std::uint16_t bits() const { return bits_; }

  operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits_) << 16); }

 private:
  static std::uint16_t rounded(std::uint32_t bits) {
    // Adding to the lower half might carry a NaN into infinity; its quiet bit keeps it what it is.
    if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<std::uint16_t>(bits >> 16 | 0x40u);
    return static_cast<std::uint16_t>((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
  }

  std::uint16_t bits_ = 0;
};

static_assert(sizeof(BFloat16) == 2);

}  // namespace nextframe
