#include "core/base/checksum.h"

#include <gtest/gtest.h>

#include <set>

namespace nextframe {
namespace {

std::uint64_t checksum(std::string_view text) {
  Checksum sum;
  sum.add(text);
  return sum.value();
}

TEST(Checksum, ChangesWithEveryBitAndWithTheLength) {
  const std::string text = "a text of twenty-one.";
  std::set<std::uint64_t> seen{checksum(text)};
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(seen.insert(checksum(other)).second) << bit;
  }
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_TRUE(seen.insert(checksum(text.substr(0, length))).second) << length;
  }
  EXPECT_TRUE(seen.insert(checksum(text + std::string(1, '\0'))).second);
  EXPECT_NE(checksum(std::string(3, '\0')), checksum(std::string(4, '\0')));
}

TEST(Checksum, KeepsTheOrderOfWords) {
  Checksum ab, ba;
  ab.add(1);
  ab.add(2);
  ba.add(2);
  ba.add(1);
  EXPECT_NE(ab.value(), ba.value());
  EXPECT_EQ(ab.text().size(), 16U);
}

}  // namespace
}  // namespace nextframe
