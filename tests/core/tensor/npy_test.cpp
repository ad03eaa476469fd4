#include "core/tensor/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

std::vector<std::byte> to_bytes(const std::string& text) {
  const auto* start = reinterpret_cast<const std::byte*>(text.data());
  return {start, start + text.size()};
}

std::string with_header(const std::string& dictionary, int version = 1) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(version);
  text += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) text += static_cast<char>((dictionary.size() >> (8 * i)) & 255);
  return text + dictionary;
}

std::string header_for(const std::string& descr, const std::string& shape, bool fortran = false) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") + ", 'shape': " + shape +
         ", }\n";
}

NpyArray parse(const std::string& text) { return NpyArray::from_bytes(to_bytes(text), "a.npy"); }

std::vector<double> values_of(const NpyArray& array) {
  std::vector<double> values(static_cast<std::size_t>(array.elements()));
  array.read(0, array.elements(), values.data());
  return values;
}

std::string message_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    return error.what();
  }
  return "";
}

/// The bytes of a number, least significant first or last.
template <class T>
std::string bytes_of(T value, bool big_endian) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return big_endian ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
}

template <class T>
void expect_type(const std::string& type, T low, T high) {
  for (const bool big : {false, true}) {
    const std::string text =
        with_header(header_for((big ? ">" : "<") + type, "(2,)")) + bytes_of(low, big) + bytes_of(high, big);
    const std::vector<double> values = values_of(parse(text));
    EXPECT_EQ(values[0], static_cast<double>(low)) << type << (big ? " big" : " little");
    EXPECT_EQ(values[1], static_cast<double>(high)) << type << (big ? " big" : " little");
  }
}

TEST(Npy, ReadsEveryTypeInBothByteOrders) {
  expect_type<std::uint8_t>("u1", 0, 255);
  expect_type<std::int8_t>("i1", -128, 127);
  expect_type<std::uint16_t>("u2", 258, 65535);
  expect_type<std::int16_t>("i2", -32768, 258);
  expect_type<std::uint32_t>("u4", 16909060, 4294967295U);
  expect_type<std::int32_t>("i4", -16909060, 2147483647);
  expect_type<std::int64_t>("i8", -72623859790382856, 123456789012345);
  expect_type<float>("f4", -1.5F, 3.25e10F);
  expect_type<double>("f8", -1.1, 1e300);
  // Half precision: 1.5, the smallest number, the largest.
  const std::string halves = bytes_of<std::uint16_t>(0x3e00, false) + bytes_of<std::uint16_t>(0x8001, false) +
                             bytes_of<std::uint16_t>(0x7bff, false);
  const std::vector<double> values = values_of(parse(with_header(header_for("<f2", "(3,)")) + halves));
  EXPECT_EQ(values, (std::vector<double>{1.5, -std::ldexp(1.0, -24), 65504}));
  EXPECT_EQ(values_of(parse(with_header(header_for("|b1", "(2,)")) + std::string("\0\1", 2))),
            (std::vector<double>{0, 1}));
}

TEST(Npy, ReadsEveryHeaderVersion) {
  for (const int version : {1, 2, 3}) {
    EXPECT_EQ(values_of(parse(with_header(header_for("|u1", "(1, 2)"), version) + "ab")),
              (std::vector<double>{'a', 'b'}));
  }
}

TEST(Npy, ReadsFortranOrderAsC) {
  // [[[0,1],[2,3],[4,5]],[[6,7],[8,9],[10,11]]] stored column-major.
  const std::vector<std::uint8_t> stored{0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11};
  const NpyArray array =
      parse(with_header(header_for("|u1", "(2, 3, 2)", true)) + std::string(stored.begin(), stored.end()));
  const std::vector<double> values = values_of(array);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(values[i], static_cast<double>(i));
  std::vector<float> part(5);
  array.read(4, 5, part.data());
  EXPECT_EQ(part, (std::vector<float>{4, 5, 6, 7, 8}));
}

TEST(Npy, WritesWhatItReads) {
  const std::vector<std::int64_t> shape{2, 3};
  const std::vector<float> values{1, 2, 3, -4.5F, 1e-30F, 6};
  std::ostringstream stream;
  write_npy(stream, shape, values);
  const std::string text = stream.str();
  EXPECT_EQ((text.size() - 24) % 64, 0U);
  EXPECT_NE(text.find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"), std::string::npos);
  const NpyArray array = parse(text);
  EXPECT_EQ(array.shape(), shape);
  std::vector<float> read(6);
  array.read(0, 6, read.data());
  EXPECT_EQ(read, values);
  const std::vector<std::int64_t> one{3};
  EXPECT_NE(npy_header_text(NpyKind::kUnsigned, 1, one).find("'|u1'"), std::string::npos);
  EXPECT_NE(npy_header_text(NpyKind::kUnsigned, 1, one).find("(3,)"), std::string::npos);
  EXPECT_THROW(write_npy(stream, one, values), Error);
}

TEST(Npy, RejectsMalformedFiles) {
  const std::string data(64, 'x');
  EXPECT_NE(message_of("").find("not an .npy"), std::string::npos);
  EXPECT_NE(message_of("hello world, no array").find("not an .npy"), std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("|O", "(2,)")) + data).find("type '|O'"), std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("<c8", "(2,)")) + data).find("type"), std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("<f3", "(2,)")) + data).find("type"), std::string::npos);
  EXPECT_NE(message_of(with_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}") + data)
                .find("structured"),
            std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("<f4", "(100,)")) + data).find("cut off"), std::string::npos);
  EXPECT_NE(
      message_of(with_header(header_for("<f4", "(4611686018427387904, 4611686018427387904)")) + data).find("damaged"),
      std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("<f4", "(99999999999999999999,)")) + data).find("too large"),
            std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("<f4", "(-1,)")) + data).find("length"), std::string::npos);
  EXPECT_NE(message_of(with_header("{'descr': '<f4', 'shape': (2,)}") + data).find("missing key"), std::string::npos);
  EXPECT_NE(message_of(with_header("{'descr': '<f4") + data).find("without end"), std::string::npos);
  EXPECT_NE(message_of(with_header(header_for("<f4", "(2,)"), 9) + data).find("version 9"), std::string::npos);
  std::string long_header = with_header(header_for("<f4", "(2,)"), 2);
  long_header[11] = '\x7f';
  EXPECT_NE(message_of(long_header + data).find("cut off or damaged"), std::string::npos);
}

TEST(Npy, NeverCrashesOnDamage) {
  const std::string good = with_header(header_for("<f4", "(2, 3)")) + std::string(24, '\1');
  Random random(7);
  for (int trial = 0; trial < 20000; ++trial) {
    std::string text = good.substr(0, random.below(2) == 0 ? good.size() : random.below(good.size() + 1));
    for (std::uint64_t n = random.below(4); n-- > 0 && !text.empty();) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    try {
      const NpyArray array = parse(text);
      if (array.elements() < 1000) values_of(array);
    } catch (const Error&) {
    }
  }
}

TEST(Npy, RejectsMissingFile) { EXPECT_THROW(NpyArray::open("no/such/file.npy"), Error); }

}  // namespace
}  // namespace nextframe
