#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/frames/data_set.h"
#include "core/tensor/npy.h"

namespace nextframe::testing {

/// A folder that goes with the test.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nextframe-frames-XXXXXX").native();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  std::string operator/(const std::string& name) const { return (path_ / name).native(); }

 private:
  std::filesystem::path path_;
};

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

template <class T>
void write_array(const std::string& path, const std::vector<std::int64_t>& shape, const std::vector<T>& values) {
  std::ofstream stream(path, std::ios::binary);
  write_npy(stream, shape, std::span<const T>(values));
}

/// [frames,height,width], frame t full of the value t.
inline void write_counting_array(const std::string& path, std::int64_t frames, std::int64_t height,
                                 std::int64_t width) {
  std::vector<std::uint8_t> values;
  for (std::int64_t t = 0; t < frames; ++t) {
    values.insert(values.end(), static_cast<std::size_t>(height * width), static_cast<std::uint8_t>(t));
  }
  write_array(path, {frames, height, width}, values);
}

inline std::vector<Frame> read_all(FrameSource& source) {
  std::vector<Frame> frames;
  for (Frame frame; source.next(frame);) frames.push_back(frame);
  return frames;
}

/// The message of the request error that the action must throw.
inline std::string rejection(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    return error.what();
  }
  ADD_FAILURE() << "nothing was rejected";
  return "";
}

inline void expect_in(const std::string& part, const std::string& text) {
  EXPECT_NE(text.find(part), std::string::npos) << "expected \"" << part << "\" in \"" << text << "\"";
}

/// The folder of real recordings, empty where it is absent.
inline std::string real_data() {
  const char* named = std::getenv("NEXTFRAME_DATA");
  const std::string folder = named != nullptr ? named : NEXTFRAME_SOURCE_DIR "/../shared/data";
  return std::filesystem::is_directory(folder) ? folder : "";
}

/// Frames given in memory.
class MemorySource final : public FrameSource {
 public:
  MemorySource(SourceInfo info, std::vector<Frame> frames) : info_(std::move(info)), frames_(std::move(frames)) {}
  const SourceInfo& info() const override { return info_; }
  bool next(Frame& frame) override {
    if (position_ == frames_.size()) return false;
    frame = frames_[position_++];
    return true;
  }

 private:
  SourceInfo info_;
  std::vector<Frame> frames_;
  std::size_t position_ = 0;
};

inline Frame frame_of(std::int64_t height, std::int64_t width, std::int64_t channels, std::vector<float> pixels) {
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = channels;
  frame.pixels = std::move(pixels);
  return frame;
}

}  // namespace nextframe::testing
