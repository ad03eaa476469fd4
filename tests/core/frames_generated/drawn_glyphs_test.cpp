#include "core/frames/generated/drawn_glyphs.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>

#include "core/base/error.h"
#include "core/frames/gzip.h"

namespace nextframe {
namespace {

std::vector<std::byte> to_bytes(const std::string& text) {
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

std::vector<std::byte> gzipped(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::vector<std::byte> bytes(deflateBound(&stream, text.size()) + 64);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  deflate(&stream, Z_FINISH);
  bytes.resize(stream.total_out);
  deflateEnd(&stream);
  return bytes;
}

TEST(Gzip, UnpacksOneAndSeveralMembers) {
  const std::string text = std::string(3000000, 'a') + "end";
  std::vector<std::byte> packed = gzipped(text);
  ASSERT_TRUE(is_gzip(packed));
  EXPECT_EQ(gunzip(packed, 1 << 30, "x"), to_bytes(text));
  const std::vector<std::byte> second = gzipped("more");
  packed.insert(packed.end(), second.begin(), second.end());
  EXPECT_EQ(gunzip(packed, 1 << 30, "x"), to_bytes(text + "more"));
  EXPECT_TRUE(gunzip(gzipped(""), 10, "x").empty());
}

TEST(Gzip, RejectsTruncatedDamagedAndTooLarge) {
  const std::vector<std::byte> packed = gzipped(std::string(1000, 'b') + "some other text");
  for (std::size_t length = 0; length < packed.size(); ++length) {
    EXPECT_THROW(gunzip(std::span(packed).first(length), 1 << 30, "x"), Error) << length;
  }
  std::vector<std::byte> damaged = packed;
  damaged[damaged.size() - 6] ^= std::byte{1};  // the checksum
  EXPECT_THROW(gunzip(damaged, 1 << 30, "x"), Error);
  EXPECT_THROW(gunzip(gzipped(std::string(5000000, 'c')), 4000000, "x"), Error);
}

TEST(DrawnGlyphs, AreManyDifferentCentredAndSoft) {
  const GlyphSet glyphs = draw_glyphs();
  ASSERT_EQ(glyphs.height, 28);
  ASSERT_EQ(glyphs.width, 28);
  ASSERT_GE(glyphs.count(), 1000);
  ASSERT_EQ(glyphs.count() % 10, 0);
  std::set<std::vector<float>> different;
  for (std::int64_t i = 0; i < glyphs.count(); ++i) {
    const std::vector<float> pixels(glyphs.glyph(i), glyphs.glyph(i) + 28 * 28);
    different.insert(pixels);
    EXPECT_GT(*std::max_element(pixels.begin(), pixels.end()), 0.9F) << i;
    EXPECT_EQ(*std::min_element(pixels.begin(), pixels.end()), 0.0F) << i;
    double border = 0;
    for (int k = 0; k < 28; ++k) {
      border += pixels[static_cast<std::size_t>(k)] + pixels[static_cast<std::size_t>(27 * 28 + k)] +
                pixels[static_cast<std::size_t>(k * 28)] + pixels[static_cast<std::size_t>(k * 28 + 27)];
    }
    EXPECT_EQ(border, 0) << "glyph " << i << " is cut";
  }
  EXPECT_EQ(static_cast<std::int64_t>(different.size()), glyphs.count());
  EXPECT_EQ(draw_glyphs().pixels, glyphs.pixels);
}

TEST(IdxFile, ReadsTheRealDigits) {
  const char* given = std::getenv("NEXTFRAME_DATA");
  const std::filesystem::path folder =
      given != nullptr ? std::filesystem::path(given) : std::filesystem::path(NEXTFRAME_SOURCE_DIR) / "../shared/data";
  const std::filesystem::path path = folder / "mnist/t10k-images-idx3-ubyte.gz";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent; set NEXTFRAME_DATA";
  const IdxImages images = read_idx_images(path.string());
  EXPECT_EQ(images.count, 10000);
  EXPECT_EQ(images.height, 28);
  EXPECT_EQ(images.width, 28);
  EXPECT_EQ(glyphs_from_idx(images, 8000, 10000, "mnist").count(), 2000);
}

TEST(IdxFile, RejectsWhatIsMissing) { EXPECT_THROW(read_idx_images("no/such/file"), Error); }

}  // namespace
}  // namespace nextframe
