#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/format.h"
#include "core/base/random.h"
#include "core/frames/frame.h"

namespace nextframe::testing {

/// A folder of its own for each test, gone with it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "nextframe-render-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~ScratchFolder() {
    std::error_code code;
    std::filesystem::remove_all(path_, code);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  /// All names, hidden ones too, sorted.
  std::vector<std::string> names(const std::string& inside = "") const {
    std::vector<std::string> list;
    for (const auto& entry : std::filesystem::directory_iterator(path_ / inside)) {
      list.push_back(entry.path().filename().string());
    }
    std::sort(list.begin(), list.end());
    return list;
  }

 private:
  std::filesystem::path path_;
};

/// What a video's decoder gave, bytes without gaps between rows.
struct DecodedVideo {
  int width = 0;
  int height = 0;
  int pixel_format = -1;
  double frames_per_second = 0;
  double first_gap = 0;  ///< seconds from the first to the second frame
  std::vector<std::vector<std::uint8_t>> frames;
};

/// Decodes to `pixel_format` of libav, or to what the decoder gives where it is -1.
DecodedVideo decode_video(const std::string& path, int pixel_format = -1);

inline std::string read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// Whole random values 0..largest.
inline Frame random_frame(std::int64_t height, std::int64_t width, std::int64_t channels, double largest,
                          std::uint64_t seed) {
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = channels;
  Random random(seed);
  frame.pixels.resize(frame.elements());
  for (float& value : frame.pixels) value = static_cast<float>(random.below(static_cast<std::uint64_t>(largest) + 1));
  return frame;
}

inline Frame filled_frame(std::int64_t height, std::int64_t width, std::vector<float> pixel) {
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = static_cast<std::int64_t>(pixel.size());
  for (std::int64_t p = 0; p < frame.area(); ++p) frame.pixels.insert(frame.pixels.end(), pixel.begin(), pixel.end());
  return frame;
}

}  // namespace nextframe::testing
