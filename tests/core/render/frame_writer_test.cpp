#include "core/render/frame_writer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zip.h>

#include <cmath>
#include <csignal>
#include <opencv2/imgcodecs.hpp>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/tensor/npy.h"
#include "tests/core/render/read_back.h"

namespace nextframe {
namespace {

using testing::filled_frame;
using testing::random_frame;
using testing::read_file;
using testing::ScratchFolder;
using testing::write_file;

const std::vector<std::string> kOutputs{"out.mp4", "out.mkv", "out.avi", "out.gif", "out.npy", "out.npz", "out"};

WriterOptions options_for(const Frame& frame) {
  return {.height = frame.height, .width = frame.width, .channels = frame.channels, .frames_per_second = 10};
}

/// Runs `action`; the error's message, or "" where there is none.
template <class Action>
std::string message_of(Action action, ErrorKind kind) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  return "";
}

void write_frames(const std::string& path, const WriterOptions& options, int count) {
  const auto writer = make_writer(path, options);
  for (int i = 1; i <= count; ++i) {
    writer->write(random_frame(options.height, options.width, options.channels, 255, static_cast<std::uint64_t>(i)),
                  {.lead_time = i, .seconds = 0.1 * i});
  }
  writer->close();
}

std::vector<std::byte> npz_member(const std::string& path, const char* name) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (archive == nullptr) return {};
  zip_stat_t stat;
  std::vector<std::byte> bytes;
  if (zip_stat(archive, name, 0, &stat) == 0) {
    EXPECT_EQ(stat.comp_method, ZIP_CM_DEFLATE);
    bytes.resize(stat.size);
    zip_file_t* file = zip_fopen(archive, name, 0);
    EXPECT_EQ(zip_fread(file, bytes.data(), bytes.size()), static_cast<zip_int64_t>(bytes.size()));
    zip_fclose(file);
  }
  zip_discard(archive);
  return bytes;
}

TEST(FrameWriter, NpyHoldsTheFloatsAndTheShape) {
  const ScratchFolder folder;
  for (const std::int64_t channels : {1, 2, 3}) {
    const std::string path = folder / ("out" + std::to_string(channels) + ".npy");
    Frame frame = random_frame(5, 7, channels, 1000, 3);
    for (float& value : frame.pixels) value = value / 7 - 20;
    frame.mask.assign(35, 1);
    frame.mask[4] = 0;
    const auto writer = make_writer(path, options_for(frame));
    for (int i = 1; i <= 3; ++i) writer->write(frame, {.lead_time = i});
    writer->close();

    const NpyArray array = NpyArray::open(path);
    std::vector<std::int64_t> shape{3, 5, 7};
    if (channels > 1) shape.push_back(channels);
    EXPECT_EQ(array.shape(), shape);
    EXPECT_EQ(array.header().type_name(), "f4");
    std::vector<float> values(static_cast<std::size_t>(array.elements()));
    array.read(0, array.elements(), values.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t within = i % frame.pixels.size();
      if (within / static_cast<std::size_t>(channels) == 4) {
        EXPECT_TRUE(std::isnan(values[i]));
      } else {
        EXPECT_EQ(values[i], frame.pixels[within]);
      }
    }
  }
}

TEST(FrameWriter, NpyKeepsIntegersAndSequences) {
  const ScratchFolder folder;
  const Frame frame = random_frame(4, 3, 1, 65535, 9);
  WriterOptions options = options_for(frame);
  options.pixel_type = PixelType::kUint16;
  options.high = 65535;
  options.stored_as = PixelType::kUint16;
  options.sequence_length = 2;
  const auto writer = make_writer(folder / "out.npy", options);
  for (int i = 0; i < 6; ++i) writer->write(frame, {.lead_time = i % 2 + 1, .first_frame = i / 2});
  writer->close();
  const NpyArray array = NpyArray::open(folder / "out.npy");
  EXPECT_EQ(array.shape(), (std::vector<std::int64_t>{3, 2, 4, 3, 1}));
  EXPECT_EQ(array.header().type_name(), "u2");
  std::vector<float> values(12);
  array.read(5 * 12, 12, values.data());
  EXPECT_EQ(values, frame.pixels);
}

TEST(FrameWriter, NpzHoldsTheSameArray) {
  const ScratchFolder folder;
  write_frames(folder / "out.npy", options_for(random_frame(9, 8, 3, 1, 1)), 4);
  write_frames(folder / "out.npz", options_for(random_frame(9, 8, 3, 1, 1)), 4);
  const std::vector<std::byte> member = npz_member(folder / "out.npz", "forecast.npy");
  const std::string npy = read_file(folder / "out.npy");
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(member.data()), member.size()), npy);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"out.npy", "out.npz"}));
}

TEST(FrameWriter, FolderHoldsPngOfEightAndSixteenBits) {
  struct Case {
    std::int64_t channels;
    PixelType type;
    int cv_type;
  };
  for (const Case& c :
       {Case{1, PixelType::kUint8, CV_8UC1}, Case{3, PixelType::kUint8, CV_8UC3}, Case{4, PixelType::kUint8, CV_8UC4},
        Case{1, PixelType::kUint16, CV_16UC1}, Case{3, PixelType::kUint16, CV_16UC3}}) {
    const ScratchFolder folder;
    const bool wide = c.type == PixelType::kUint16;
    const Frame frame = random_frame(13, 11, c.channels, wide ? 65535 : 255, 5);
    WriterOptions options = options_for(frame);
    options.pixel_type = c.type;
    options.high = wide ? 65535 : 255;
    const auto writer = make_writer(folder / "out/", options);
    writer->write(frame, {.lead_time = 3, .seconds = 0.3});
    writer->close();
    const cv::Mat image = cv::imread(folder / "out/forecast_lead_003_00m00.300s.png", cv::IMREAD_UNCHANGED);
    ASSERT_EQ(image.type(), c.cv_type);
    ASSERT_EQ(image.size(), cv::Size(11, 13));
    for (int y = 0; y < 13; ++y) {
      for (int x = 0; x < 11; ++x) {
        for (int k = 0; k < c.channels; ++k) {
          const int from = c.channels == 1 || k == 3 ? k : 2 - k;  // OpenCV has blue first
          const int place = x * static_cast<int>(c.channels) + k;
          const int value = wide ? image.ptr<std::uint16_t>(y)[place] : image.ptr<std::uint8_t>(y)[place];
          ASSERT_EQ(value, frame.pixels[static_cast<std::size_t>((y * 11 + x) * c.channels + from)]);
        }
      }
    }
  }
}

TEST(FrameWriter, SixteenBitPngOfFloats) {
  const ScratchFolder folder;
  Frame frame = filled_frame(1, 3, {0});
  frame.pixels = {0, 0.25F, 1};
  WriterOptions options = options_for(frame);
  options.pixel_type = PixelType::kFloat32;
  options.high = 1;
  options.stored_as = PixelType::kUint16;
  const auto writer = make_writer(folder / "out", options);
  writer->write(frame, {});
  writer->close();
  const cv::Mat image = cv::imread(folder / "out/forecast_lead_001.png", cv::IMREAD_UNCHANGED);
  ASSERT_EQ(image.type(), CV_16UC1);
  EXPECT_EQ(image.at<std::uint16_t>(0, 1), 16384);
  EXPECT_EQ(image.at<std::uint16_t>(0, 2), 65535);
}

TEST(FrameWriter, NamesCarryTheLeadTimeAndSortInTime) {
  EXPECT_EQ(forecast_file_name({.lead_time = 3, .seconds = 0.3}, 0), "forecast_lead_003_00m00.300s.png");
  EXPECT_EQ(forecast_file_name({.lead_time = 12, .seconds = 3600}, 0), "forecast_lead_012_60m00.000s.png");
  EXPECT_EQ(forecast_file_name({.lead_time = 1, .seconds = 59.9996}, 0), "forecast_lead_001_01m00.000s.png");
  EXPECT_EQ(forecast_file_name({.lead_time = 1000}, 0), "forecast_lead_1000.png");
  EXPECT_EQ(forecast_file_name({.lead_time = -9, .seconds = -0.9}, 0), "context_001_lead_-9.png");
  EXPECT_EQ(forecast_file_name({.lead_time = 2, .first_frame = 120}, 0), "hindcast_000120_forecast_lead_002.png");

  std::vector<std::string> names;
  for (const std::int64_t first : {0, 20, 100}) {
    for (std::int64_t lead = -2; lead <= 12; ++lead)
      names.push_back(forecast_file_name({.lead_time = lead, .first_frame = first}, lead + 2));
  }
  for (std::size_t i = 1; i < names.size(); ++i) EXPECT_TRUE(natural_less(names[i - 1], names[i])) << names[i];
  for (const std::string& name : names) EXPECT_TRUE(is_output_file_name(name, Contents::kForecasts)) << name;
  for (const char* name : {"frame_001.png", "forecast.png", "forecast_lead_003.jpg", "lead_003.png",
                           "xforecast_lead_003.png", "forecast_lead_003.png.txt"}) {
    EXPECT_FALSE(is_output_file_name(name, Contents::kForecasts)) << name;
  }
}

TEST(FrameWriter, FramesThatAreNoForecastsAreNumbered) {
  EXPECT_EQ(numbered_file_name(7), "frame_0007.png");
  EXPECT_EQ(numbered_file_name(12345), "frame_12345.png");
  for (const std::int64_t number : {0, 9999, 10000}) {
    EXPECT_TRUE(is_output_file_name(numbered_file_name(number), Contents::kFrames));
    EXPECT_FALSE(is_output_file_name(numbered_file_name(number), Contents::kForecasts));
  }
  EXPECT_FALSE(is_output_file_name("forecast_lead_003.png", Contents::kFrames));
  EXPECT_FALSE(is_output_file_name("frame_0001.png.txt", Contents::kFrames));
}

TEST(FrameWriter, AnAbortedWriterLeavesTheOldOutputAndNothingElse) {
  for (const std::string& name : kOutputs) {
    const ScratchFolder folder;
    WriterOptions options = options_for(random_frame(16, 16, 1, 1, 1));
    write_frames(folder / name, options, 2);
    const bool is_folder = name == "out";
    const std::string kept = is_folder ? name + "/forecast_lead_001_00m00.100s.png" : name;
    const std::string before = read_file(folder / kept);
    ASSERT_FALSE(before.empty());
    options.if_exists = IfExists::kReplace;
    {
      const auto writer = make_writer(folder / name, options);
      writer->write(random_frame(16, 16, 1, 255, 99), {.lead_time = 1});
    }
    EXPECT_EQ(read_file(folder / kept), before) << name;
    EXPECT_EQ(folder.names().size(), 1U) << name;
    if (is_folder) {
      EXPECT_EQ(folder.names("out").size(), 2U);
    }
  }
}

TEST(FrameWriter, AnExistingOutputIsRefusedUnlessItMayBeReplaced) {
  for (const std::string& name : kOutputs) {
    const ScratchFolder folder;
    WriterOptions options = options_for(random_frame(16, 16, 1, 1, 1));
    write_frames(folder / name, options, 3);
    EXPECT_NE(message_of([&] { make_writer(folder / name, options); }, ErrorKind::kRequest), "") << name;
    options.if_exists = IfExists::kReplace;
    write_frames(folder / name, options, 1);
    if (name == "out") {
      EXPECT_EQ(folder.names("out"), std::vector<std::string>{"forecast_lead_001_00m00.100s.png"});
    }
    EXPECT_EQ(folder.names().size(), 1U);
  }
}

TEST(FrameWriter, FoldersOfKilledWritersGoAndThoseInUseStay) {
  const ScratchFolder folder;
  WriterOptions options = options_for(random_frame(8, 8, 1, 1, 1));
  options.if_exists = IfExists::kReplace;
  for (const std::string& name : {std::string("out"), std::string("old")}) {
    if (name == "old") std::filesystem::create_directory(folder / "old");
    const pid_t child = ::fork();
    if (child == 0) {
      const auto writer = make_writer(folder / name, options);
      writer->write(random_frame(8, 8, 1, 255, 1), {.lead_time = 1});
      std::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
    ASSERT_EQ(folder.names(name == "old" ? "old" : "").size(), 1U);
    const auto at_work = make_writer(folder / name, options);
    write_frames(folder / name, options, 2);
    at_work->write(random_frame(8, 8, 1, 255, 3), {.lead_time = 1});
    if (name == "old") at_work->close();
    EXPECT_EQ(folder.names(name).size(), name == "old" ? 1U : 2U);
  }
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"old", "out"}));
}

// A disk that fails while the images get their names stands in for a crash at that moment.
TEST(FrameWriter, OlderImagesStayUntilTheNewOnesAreThere) {
  const ScratchFolder folder;
  WriterOptions options = options_for(random_frame(8, 8, 1, 1, 1));
  write_frames(folder / "out", options, 3);
  options.if_exists = IfExists::kReplace;
  const auto writer = make_writer(folder / "out", options);
  writer->write(random_frame(8, 8, 1, 255, 9), {.lead_time = 8});
  for (const auto& entry : std::filesystem::directory_iterator(folder / "out")) {
    if (entry.is_directory()) std::filesystem::remove_all(entry.path());
  }
  EXPECT_NE(message_of([&] { writer->close(); }, ErrorKind::kFailure), "");
  EXPECT_EQ(folder.names("out").size(), 3U);
}

TEST(FrameWriter, AFolderWithOtherFilesIsNotTouched) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "photos");
  write_file(folder / "photos/frame_001.png", "mine");
  WriterOptions options = options_for(random_frame(8, 8, 1, 1, 1));
  options.if_exists = IfExists::kReplace;
  const std::string message = message_of([&] { make_writer(folder / "photos", options); }, ErrorKind::kRequest);
  EXPECT_NE(message.find("frame_001.png"), std::string::npos);
  EXPECT_EQ(folder.names("photos"), std::vector<std::string>{"frame_001.png"});
  EXPECT_EQ(read_file(folder / "photos/frame_001.png"), "mine");
}

TEST(FrameWriter, AnEmptyFolderIsFilled) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder / "out.d");
  write_frames(folder / "out.d", options_for(random_frame(8, 8, 1, 1, 1)), 2);
  EXPECT_EQ(folder.names("out.d").size(), 2U);
}

TEST(FrameWriter, WhatCannotBeWrittenIsSaidAtOnce) {
  const ScratchFolder folder;
  const WriterOptions grey = options_for(random_frame(8, 8, 1, 1, 1));
  const auto refusal = [&](const std::string& name, const WriterOptions& options) {
    return message_of([&] { make_writer(folder / name, options); }, ErrorKind::kRequest);
  };
  EXPECT_NE(refusal("out.wmv", grey).find(".mp4"), std::string::npos);
  EXPECT_NE(refusal("out.png", grey), "");
  EXPECT_NE(message_of([&] { make_writer("", grey); }, ErrorKind::kRequest), "");
  WriterOptions two = grey;
  two.channels = 2;
  EXPECT_NE(refusal("out.mkv", two).find("2"), std::string::npos);
  EXPECT_NE(refusal("out", two), "");
  EXPECT_EQ(refusal("two.npy", two), "");
  WriterOptions deep = grey;
  deep.stored_as = PixelType::kUint16;
  EXPECT_NE(refusal("out.mp4", deep), "");
  EXPECT_NE(refusal("out.gif", deep), "");
  WriterOptions real = grey;
  real.stored_as = PixelType::kFloat32;
  EXPECT_NE(refusal("out.mkv", real), "");
  WriterOptions flat = grey;
  flat.high = flat.low;
  EXPECT_NE(refusal("out.mkv", flat), "");
  for (const std::string& name : kOutputs) {
    EXPECT_NE(refusal("absent/" + name, grey).find("absent"), std::string::npos);
  }
  write_file(folder / "file", "text");
  EXPECT_NE(refusal("file", grey), "");
  for (const std::string& name : kOutputs) EXPECT_NE(refusal("file/" + name, grey), "") << name;
  EXPECT_EQ(folder.names(), std::vector<std::string>{"file"});
}

TEST(FrameWriter, AFrameOfAnotherSizeAndAnOutputWithoutFramesAreRejected) {
  for (const std::string& name : kOutputs) {
    const ScratchFolder folder;
    const WriterOptions options = options_for(random_frame(8, 8, 1, 1, 1));
    const auto writer = make_writer(folder / name, options);
    EXPECT_NE(message_of([&] { writer->write(random_frame(8, 9, 1, 1, 1), {}); }, ErrorKind::kRequest), "");
    EXPECT_NE(message_of([&] { writer->write(random_frame(8, 8, 3, 1, 1), {}); }, ErrorKind::kRequest), "");
    EXPECT_NE(message_of([&] { writer->close(); }, ErrorKind::kRequest), "") << name;
  }
}

/// No file may grow beyond `bytes` while this lives, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST(FrameWriter, AFullDiskIsAnErrorAndTheOldOutputSurvives) {
  for (const std::string& name : kOutputs) {
    // Where the first write no longer fits, and where only the last does not.
    for (const rlim_t limit : {rlim_t{100}, rlim_t{20000}}) {
      const ScratchFolder folder;
      WriterOptions options = options_for(random_frame(128, 160, 1, 1, 1));
      write_frames(folder / name, options, 1);
      const std::string kept = name == "out" ? name + "/forecast_lead_001_00m00.100s.png" : name;
      const std::string before = read_file(folder / kept);
      options.if_exists = IfExists::kReplace;
      std::string message;
      {
        const FileSizeLimit full(limit);
        message = message_of([&] { write_frames(folder / name, options, 6); }, ErrorKind::kFailure);
      }
      EXPECT_NE(message, "") << name << " with " << limit;
      EXPECT_EQ(read_file(folder / kept), before) << name;
      EXPECT_EQ(folder.names().size(), 1U) << name;
      if (name == "out") {
        EXPECT_EQ(folder.names("out").size(), 1U);
      }
    }
  }
}

}  // namespace
}  // namespace nextframe
