#include "core/frames/idx.h"

#include <cstring>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr std::size_t kHeaderBytes = 16;
constexpr std::uint32_t kImagesMagic = 0x00000803;  // 8-bit unsigned elements in three dimensions
constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint32_t kGzipMagic = 0x1F8B0000;

std::uint32_t read_big_endian(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number = number << 8 | std::to_integer<std::uint32_t>(bytes[offset + i]);
  return number;
}

}  // namespace

IdxImages parse_idx_images(std::span<const std::byte> bytes, const std::string& name) {
  if (bytes.size() < kHeaderBytes) {
    reject("[idx] {}: got {} bytes, expected at least the {} of an idx header; is the file truncated?", name,
           bytes.size(), kHeaderBytes);
  }
  const std::uint32_t magic = read_big_endian(bytes, 0);
  if (magic == kLabelsMagic)
    reject("[idx] {}: holds labels, expected images (a file like t10k-images-idx3-ubyte)", name);
  if ((magic & 0xFFFF0000) == kGzipMagic) reject("[idx] {}: is gzipped; unpack it with gunzip first", name);
  if (magic != kImagesMagic) {
    reject("[idx] {}: begins with {:08x}, expected {:08x} (an idx file of 8-bit images)", name, magic, kImagesMagic);
  }
  IdxImages images;
  images.count = read_big_endian(bytes, 4);
  images.height = read_big_endian(bytes, 8);
  images.width = read_big_endian(bytes, 12);
  if (images.count == 0 || images.height == 0 || images.width == 0) {
    reject("[idx] {}: the header tells of {} images of {}x{}, expected some pixels", name, images.count, images.height,
           images.width);
  }
  // Divisions, because the product of three 32-bit numbers overflows 64 bits.
  const auto available = static_cast<std::int64_t>(bytes.size() - kHeaderBytes);
  const std::int64_t image_bytes =
      images.height > available / images.width ? available + 1 : images.height * images.width;
  if (images.count > available / image_bytes || images.count * image_bytes != available) {
    reject("[idx] {}: the header tells of {} images of {}x{}, but {} bytes of pixels are there", name, images.count,
           images.height, images.width, available);
  }
  images.pixels.resize(static_cast<std::size_t>(available));
  std::memcpy(images.pixels.data(), bytes.data() + kHeaderBytes, images.pixels.size());
  return images;
}

}  // namespace nextframe
