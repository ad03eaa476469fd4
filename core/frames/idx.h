#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace nextframe {

/// Grey 8-bit images of one size, as MNIST's files hold them.
struct IdxImages {
  std::int64_t count = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> pixels;  ///< [count,H,W]
};

/// Reads an idx file of images from memory (not gzipped): magic 00 00 08 03, then count, height, width as 32-bit
/// big-endian numbers, then the pixels. `name` begins every message. Rejects other magics, images of no pixels, and a
/// file that is shorter or longer than its header says.
IdxImages parse_idx_images(std::span<const std::byte> bytes, const std::string& name);

}  // namespace nextframe
