#include "core/frames/idx.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/frames/generated/glyphs.h"

namespace nextframe {
namespace {

std::vector<std::byte> idx_bytes(std::uint32_t magic, std::uint32_t count, std::uint32_t height, std::uint32_t width,
                                 std::size_t pixels) {
  std::vector<std::byte> bytes;
  for (const std::uint32_t number : {magic, count, height, width}) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::byte>(number >> shift & 255));
  }
  for (std::size_t i = 0; i < pixels; ++i) bytes.push_back(static_cast<std::byte>(i * 37 % 256));
  return bytes;
}

std::string rejection(const std::vector<std::byte>& bytes) {
  try {
    parse_idx_images(bytes, "digits-idx3");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    return error.what();
  }
  return "";
}

TEST(Idx, ReadsImages) {
  const IdxImages images = parse_idx_images(idx_bytes(0x803, 3, 4, 5, 60), "x");
  EXPECT_EQ(images.count, 3);
  EXPECT_EQ(images.height, 4);
  EXPECT_EQ(images.width, 5);
  ASSERT_EQ(images.pixels.size(), 60U);
  EXPECT_EQ(images.pixels[59], 59 * 37 % 256);
}

TEST(Idx, RejectsMalformedFiles) {
  EXPECT_EQ(rejection(idx_bytes(0x803, 3, 4, 5, 60)), "");
  struct Case {
    std::vector<std::byte> bytes;
    std::string part;
  };
  const std::vector<Case> cases{
      {{}, "0 bytes"},
      {idx_bytes(0x801, 3, 4, 5, 60), "labels"},
      {idx_bytes(0x1F8B0800, 3, 4, 5, 60), "gzipped"},
      {idx_bytes(0xD03, 3, 4, 5, 60), "00000d03"},
      {idx_bytes(0x803, 0, 4, 5, 0), "0 images"},
      {idx_bytes(0x803, 3, 0, 5, 0), "3 images of 0x5"},
      {idx_bytes(0x803, 3, 4, 5, 59), "59 bytes of pixels"},
      {idx_bytes(0x803, 3, 4, 5, 61), "61 bytes of pixels"},
      {idx_bytes(0x803, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 10), "10 bytes of pixels"},
      {idx_bytes(0x803, 1, 0x80000000, 0x80000000, 0), "0 bytes of pixels"},
      {idx_bytes(0x803, 0x80000000, 0x80000000, 4, 0), "0 bytes of pixels"},
  };
  for (const Case& item : cases) {
    EXPECT_NE(rejection(item.bytes).find(item.part), std::string::npos) << rejection(item.bytes) << " / " << item.part;
  }
}

TEST(Idx, RandomDamageNeverCrashes) {
  const std::vector<std::byte> good = idx_bytes(0x803, 3, 4, 5, 60);
  Random random(3);
  for (int trial = 0; trial < 20000; ++trial) {
    std::vector<std::byte> bytes = good;
    bytes.resize(random.below(good.size() + 1));
    for (int i = 0; i < 3 && !bytes.empty(); ++i)
      bytes[random.below(bytes.size()) % 20 % bytes.size()] = static_cast<std::byte>(random.below(256));
    rejection(bytes);
  }
}

TEST(Glyphs, RangesOfAnIdxFile) {
  const IdxImages images = parse_idx_images(idx_bytes(0x803, 3, 4, 5, 60), "x");
  EXPECT_EQ(glyphs_from_idx(images, 0, 0, "x").count(), 3);
  const GlyphSet last = glyphs_from_idx(images, 2, 3, "x");
  EXPECT_EQ(last.count(), 1);
  EXPECT_EQ(last.pixels[0], static_cast<float>(images.pixels[40]) / 255.0F);
  EXPECT_EQ(select_glyphs(glyphs_from_idx(images, 0, 0, "x"), 2, 3, "x").pixels, last.pixels);
  EXPECT_THROW(glyphs_from_idx(images, 2, 2, "x"), Error);
  EXPECT_THROW(glyphs_from_idx(images, 0, 4, "x"), Error);
  EXPECT_THROW(glyphs_from_idx(images, -1, 2, "x"), Error);
  EXPECT_THROW(select_glyphs(last, 0, 2, "x"), Error);
}

}  // namespace
}  // namespace nextframe
