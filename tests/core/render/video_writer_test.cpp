#include <gtest/gtest.h>

extern "C" {
#include <libavutil/pixfmt.h>
}

#include <cmath>

#include "core/base/error.h"
#include "core/render/frame_writer.h"
#include "core/render/writers.h"
#include "tests/core/render/read_back.h"

namespace nextframe {
namespace {

using testing::decode_video;
using testing::DecodedVideo;
using testing::filled_frame;
using testing::random_frame;
using testing::ScratchFolder;

WriterOptions options_for(const Frame& frame, PixelType type) {
  WriterOptions options{
      .height = frame.height, .width = frame.width, .channels = frame.channels, .frames_per_second = 25};
  options.pixel_type = type;
  options.high = type == PixelType::kUint16 ? 65535 : 255;
  return options;
}

void write_all(const std::string& path, const std::vector<Frame>& frames, const WriterOptions& options) {
  const auto writer = make_writer(path, options);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    writer->write(frames[i], {.lead_time = static_cast<std::int64_t>(i) + 1});
  }
  writer->close();
}

struct LosslessCase {
  const char* ending;
  std::int64_t height, width, channels;
  PixelType type;
};

/// The bytes that the decoder must give, in the pixel format that the writer documents.
std::vector<std::uint8_t> expected_bytes(const Frame& frame, PixelType type) {
  std::vector<std::uint8_t> bytes;
  const auto channels = static_cast<std::size_t>(frame.channels);
  for (std::size_t p = 0; p < frame.pixels.size(); p += channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      if (type == PixelType::kUint16) {
        const auto value = static_cast<std::uint16_t>(frame.pixels[p + c]);
        bytes.push_back(static_cast<std::uint8_t>(value & 255));
        bytes.push_back(static_cast<std::uint8_t>(value >> 8));
      } else {
        bytes.push_back(static_cast<std::uint8_t>(frame.pixels[p + c]));
      }
    }
  }
  return bytes;
}

class Lossless : public ::testing::TestWithParam<LosslessCase> {};

TEST_P(Lossless, ReadsBackBitForBit) {
  const LosslessCase& c = GetParam();
  const ScratchFolder folder;
  const std::string path = folder / (std::string("forecast") + c.ending);
  const bool wide = c.type == PixelType::kUint16;
  std::vector<Frame> frames;
  for (std::uint64_t i = 0; i < 5; ++i) {
    frames.push_back(random_frame(c.height, c.width, c.channels, wide ? 65535 : 255, i + 1));
  }
  write_all(path, frames, options_for(frames[0], c.type));

  const AVPixelFormat format = c.channels == 1   ? (wide ? AV_PIX_FMT_GRAY16LE : AV_PIX_FMT_GRAY8)
                               : c.channels == 3 ? (wide ? AV_PIX_FMT_RGB48LE : AV_PIX_FMT_RGB24)
                                                 : (wide ? AV_PIX_FMT_RGBA64LE : AV_PIX_FMT_RGBA);
  const DecodedVideo video = decode_video(path, format);
  EXPECT_EQ(video.height, c.height);
  EXPECT_EQ(video.width, c.width);
  EXPECT_NEAR(video.frames_per_second, 25, 1e-3);
  ASSERT_EQ(video.frames.size(), frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_TRUE(video.frames[i] == expected_bytes(frames[i], c.type)) << "frame " << i;
  }
  EXPECT_EQ(folder.names().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, Lossless,
    ::testing::Values(
        LosslessCase{".mkv", 33, 17, 1, PixelType::kUint8}, LosslessCase{".mkv", 64, 64, 1, PixelType::kUint8},
        LosslessCase{".mkv", 1, 1, 1, PixelType::kUint8}, LosslessCase{".mkv", 200, 1, 1, PixelType::kUint8},
        LosslessCase{".mkv", 1, 5000, 3, PixelType::kUint8}, LosslessCase{".mkv", 15, 9, 3, PixelType::kUint16},
        LosslessCase{".mkv", 16, 16, 4, PixelType::kUint8}, LosslessCase{".avi", 3, 2, 1, PixelType::kUint16},
        LosslessCase{".mkv", 301, 403, 1, PixelType::kUint16}, LosslessCase{".mkv", 31, 45, 1, PixelType::kUint16},
        LosslessCase{".mkv", 31, 45, 3, PixelType::kUint8}, LosslessCase{".mkv", 20, 23, 3, PixelType::kUint16},
        LosslessCase{".mkv", 19, 22, 4, PixelType::kUint8}, LosslessCase{".avi", 33, 17, 1, PixelType::kUint8},
        LosslessCase{".avi", 31, 45, 1, PixelType::kUint16}, LosslessCase{".avi", 31, 45, 3, PixelType::kUint8}));

TEST(VideoWriter, H264KeepsThePictureAndPadsToEven) {
  const ScratchFolder folder;
  const std::string path = folder / "forecast.MP4";
  std::vector<Frame> frames;
  for (int i = 0; i < 12; ++i) {
    Frame frame = filled_frame(47, 63, {0, 0, 0});
    for (std::int64_t y = 0; y < 47; ++y) {
      for (std::int64_t x = 0; x < 63; ++x) {
        float* pixel = frame.pixels.data() + (y * 63 + x) * 3;
        pixel[0] = static_cast<float>(4 * x);
        pixel[1] = static_cast<float>(5 * y);
        pixel[2] = static_cast<float>(100 + i);
      }
    }
    frames.push_back(frame);
  }
  WriterOptions options = options_for(frames[0], PixelType::kUint8);
  options.frames_per_second = 30000.0 / 1001;
  write_all(path, frames, options);

  const DecodedVideo plain = decode_video(path);
  EXPECT_EQ(plain.pixel_format, AV_PIX_FMT_YUV420P);
  const DecodedVideo video = decode_video(path, AV_PIX_FMT_RGB24);
  EXPECT_EQ(video.height, 48);
  EXPECT_EQ(video.width, 64);
  EXPECT_NEAR(video.frames_per_second, 30000.0 / 1001, 1e-6);
  ASSERT_EQ(video.frames.size(), frames.size());
  double squares = 0;
  for (std::size_t y = 0; y < 47; ++y) {
    for (std::size_t x = 0; x < 63; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const double error = video.frames[6][(y * 64 + x) * 3 + c] - frames[6].pixels[(y * 63 + x) * 3 + c];
        squares += error * error;
      }
    }
  }
  EXPECT_LT(std::sqrt(squares / (47 * 63 * 3)), 5);
}

TEST(VideoWriter, H264ColoursAreRight) {
  const ScratchFolder folder;
  const std::string path = folder / "forecast.mp4";
  const std::vector<float> pure{220, 40, 90};
  write_all(path, {filled_frame(32, 32, pure), filled_frame(32, 32, pure)},
            options_for(filled_frame(32, 32, pure), PixelType::kUint8));
  const DecodedVideo video = decode_video(path, AV_PIX_FMT_RGB24);
  ASSERT_EQ(video.frames.size(), 2U);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(video.frames[0][c], pure[c], 4);
}

TEST(VideoWriter, GifKeepsGreysAndFewColoursExactly) {
  const ScratchFolder folder;
  const std::vector<Frame> greys{random_frame(21, 33, 1, 255, 1), random_frame(21, 33, 1, 255, 2),
                                 random_frame(21, 33, 1, 255, 3)};
  WriterOptions options = options_for(greys[0], PixelType::kUint8);
  options.frames_per_second = 10;
  write_all(folder / "grey.gif", greys, options);
  const DecodedVideo grey = decode_video(folder / "grey.gif", AV_PIX_FMT_RGB24);
  ASSERT_EQ(grey.frames.size(), greys.size());
  EXPECT_NEAR(grey.first_gap, 0.1, 1e-9);
  for (std::size_t i = 0; i < greys.size(); ++i) {
    for (std::size_t p = 0; p < greys[i].pixels.size(); ++p) {
      ASSERT_EQ(grey.frames[i][3 * p], greys[i].pixels[p]) << "frame " << i << " pixel " << p;
      ASSERT_EQ(grey.frames[i][3 * p + 2], greys[i].pixels[p]);
    }
  }

  std::vector<Frame> few{random_frame(16, 16, 3, 3, 4), random_frame(16, 16, 3, 3, 5)};
  for (Frame& frame : few) {
    for (float& value : frame.pixels) value *= 85;
  }
  write_all(folder / "few.gif", few, options_for(few[0], PixelType::kUint8));
  const DecodedVideo colours = decode_video(folder / "few.gif", AV_PIX_FMT_RGB24);
  ASSERT_EQ(colours.frames.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(colours.frames[i] == expected_bytes(few[i], PixelType::kUint8));
}

TEST(VideoWriter, GifPaletteIsCloseOnManyColours) {
  const ScratchFolder folder;
  Frame frame = filled_frame(64, 96, {0, 0, 0});
  for (std::int64_t y = 0; y < 64; ++y) {
    for (std::int64_t x = 0; x < 96; ++x) {
      float* pixel = frame.pixels.data() + (y * 96 + x) * 3;
      pixel[0] = static_cast<float>(x * 2.6);
      pixel[1] = static_cast<float>(y * 4);
      pixel[2] = static_cast<float>((x + y) % 160);
    }
  }
  WriterOptions options = options_for(frame, PixelType::kUint8);
  options.frames_per_second = 240;
  write_all(folder / "a.gif", {frame, frame}, options);
  const DecodedVideo video = decode_video(folder / "a.gif", AV_PIX_FMT_RGB24);
  ASSERT_EQ(video.frames.size(), 2U);
  EXPECT_NEAR(video.first_gap, 0.02, 1e-9);
  double squares = 0;
  for (std::size_t i = 0; i < frame.pixels.size(); ++i) {
    squares += std::pow(std::round(frame.pixels[i]) - video.frames[0][i], 2);
  }
  EXPECT_LT(std::sqrt(squares / static_cast<double>(frame.pixels.size())), 12);
}

TEST(VideoWriter, ValuesOfOtherTypesAreScaledAndClipped) {
  const ScratchFolder folder;
  Frame frame = filled_frame(2, 3, {0});
  frame.pixels = {0, 0.5F, 1, -3, 7, std::nanf("")};
  WriterOptions options = options_for(frame, PixelType::kFloat32);
  options.high = 1;
  write_all(folder / "a.mkv", {frame}, options);
  const DecodedVideo video = decode_video(folder / "a.mkv", AV_PIX_FMT_GRAY8);
  ASSERT_EQ(video.frames.size(), 1U);
  EXPECT_EQ(video.frames[0], (std::vector<std::uint8_t>{0, 128, 255, 0, 255, 0}));
}

TEST(VideoWriter, TheSameFramesMakeTheSameFile) {
  const ScratchFolder folder;
  for (const char* ending : {".mkv", ".avi", ".gif", ".mp4"}) {
    const std::vector<Frame> frames{random_frame(32, 48, 3, 255, 1), random_frame(32, 48, 3, 255, 2)};
    write_all(folder / (std::string("a") + ending), frames, options_for(frames[0], PixelType::kUint8));
    write_all(folder / (std::string("b") + ending), frames, options_for(frames[0], PixelType::kUint8));
    EXPECT_TRUE(testing::read_file(folder / (std::string("a") + ending)) ==
                testing::read_file(folder / (std::string("b") + ending)))
        << ending;
  }
}

TEST(VideoWriter, AMissingCodecIsSaidBeforeAnythingIsWritten) {
  const ScratchFolder folder;
  const WriterOptions options = options_for(filled_frame(8, 8, {0}), PixelType::kUint8);
  try {
    make_video_writer(folder / "a.mp4", options,
                      {.muxer = "mp4", .encoder = "nosuchcodec", .codec = VideoCodec::kH264});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    const std::string message = error.what();
    EXPECT_NE(message.find("a.mp4: this libavcodec has no encoder nosuchcodec"), std::string::npos) << message;
    EXPECT_NE(message.find("write .mkv, .npy or a folder of images"), std::string::npos) << message;
  }
  EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace nextframe
