#include "core/frames/media_sources.h"

#include <zip.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>
#include <sstream>

#include "core/frames/last_frames.h"
#include "core/frames/video_length.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::read_all;
using testing::rejection;

class MediaTest : public ::testing::Test {
 protected:
  std::vector<Frame> read(const std::string& path) { return read_all(*open_source(media_sources(), path)); }
  std::string refused(const std::string& path) {
    return rejection([&] { read(path); });
  }
  /// Lossless, frame t of one colour: red 10 t, green 20, blue 200.
  void write_video(const std::string& path, int frames, int width = 32, int height = 24) {
    cv::VideoWriter writer(path, cv::CAP_FFMPEG, cv::VideoWriter::fourcc('F', 'F', 'V', '1'), 20,
                           cv::Size(width, height));
    ASSERT_TRUE(writer.isOpened());
    for (int t = 0; t < frames; ++t) writer.write(cv::Mat(height, width, CV_8UC3, cv::Scalar(200, 20, 10 * t)));
  }

  testing::ScratchFolder folder_;
};

TEST_F(MediaTest, ReadsVideoAsRedGreenBlue) {
  write_video(folder_ / "a:b.mkv", 12);
  const auto source = open_source(media_sources(), folder_ / "a:b.mkv");
  EXPECT_EQ(source->info().height, 24);
  EXPECT_EQ(source->info().width, 32);
  EXPECT_EQ(source->info().channels, 3);
  EXPECT_NEAR(source->info().frames_per_second, 20, 0.01);
  const auto frames = read_all(*source);
  ASSERT_EQ(frames.size(), 12U);
  for (std::size_t t = 0; t < 12; ++t) {
    EXPECT_NEAR(frames[t].pixels[0], 10.0 * static_cast<double>(t), 2);
    EXPECT_NEAR(frames[t].pixels[1], 20, 2);
    EXPECT_NEAR(frames[t].pixels[2], 200, 2);
    EXPECT_NEAR(frames[t].seconds, static_cast<double>(t) / 20, 0.002);
  }
}

TEST_F(MediaTest, CountsWhatDecodesOfATruncatedVideo) {
  write_video(folder_ / "whole.mkv", 40, 160, 120);
  const auto size = std::filesystem::file_size(folder_ / "whole.mkv");
  std::filesystem::copy_file(folder_ / "whole.mkv", folder_ / "cut.mkv");
  std::filesystem::resize_file(folder_ / "cut.mkv", size / 2);
  const auto source = open_source(media_sources(), folder_ / "cut.mkv");
  EXPECT_EQ(source->info().notes.size(), 0U);
  const std::size_t frames = read_all(*source).size();
  EXPECT_GT(frames, 5U);
  EXPECT_LT(frames, 40U);
  ASSERT_EQ(source->info().notes.size(), 1U);
  expect_in("cut.mkv: ends after " + std::to_string(frames) + " frames", source->info().notes[0]);
  expect_in("lasts 2.0 s", source->info().cut_off);
}

TEST_F(MediaTest, ForecastsFromTheEndOfACutVideoOnlyWhereAskedTo) {
  write_video(folder_ / "whole.mkv", 40, 160, 120);
  std::filesystem::copy_file(folder_ / "whole.mkv", folder_ / "cut.mkv");
  std::filesystem::resize_file(folder_ / "cut.mkv", std::filesystem::file_size(folder_ / "whole.mkv") / 2);
  LastFramesOptions options{.count = 3};
  const auto last = [&](const std::string& name) {
    return read_last_frames(*open_source(media_sources(), folder_ / name), options);
  };
  EXPECT_EQ(last("whole.mkv").next_frame, 40);
  const std::string message = rejection([&] { last("cut.mkv"); });
  expect_in("the file was cut off", message);
  const std::size_t at = message.find("--at ");
  ASSERT_NE(at, std::string::npos);
  options.at = parse_moment(message.substr(at + 5, message.find(' ', at + 5) - at - 5));
  EXPECT_EQ(last("cut.mkv").next_frame, options.at->frame);
}

TEST_F(MediaTest, WarnsOfACutVideoEachTimeItIsTrainedOn) {
  class Keeping : public Log {
   public:
    void write(LogLevel, const std::string& message) override { text += message + "\n"; }
    std::string text;
  };
  write_video(folder_ / "whole.mkv", 40, 160, 120);
  std::filesystem::copy_file(folder_ / "whole.mkv", folder_ / "cut.mkv");
  std::filesystem::resize_file(folder_ / "cut.mkv", std::filesystem::file_size(folder_ / "whole.mkv") / 2);
  DataOptions options;
  options.sources.resize(1);
  options.context = options.horizon = 1;
  options.cache.dir = folder_ / "cache";
  for (const auto& [name, warned] : {std::pair("whole.mkv", false), {"cut.mkv", true}, {"cut.mkv", true}}) {
    options.sources[0].path = folder_ / name;
    Keeping log;
    const DataSet data(options, media_sources(), log);
    EXPECT_EQ(log.text.find("the file was cut off") != std::string::npos, warned) << log.text;
  }
}

TEST_F(MediaTest, TheLengthOfAVideoIsWhatItsContainerSays) {
  write_video(folder_ / "a.mkv", 40);
  write_video(folder_ / "a.avi", 40);
  for (const std::string& name : {std::string("a.mkv"), std::string("a.avi")}) {
    const auto length = video_length(folder_ / name);
    ASSERT_TRUE(length.has_value()) << name;
    EXPECT_NEAR(length->seconds, 2, 0.06) << name;
    EXPECT_EQ(length->of, VideoLength::Of::kPictures);
    const auto source = open_source(media_sources(), folder_ / name);
    EXPECT_EQ(read_all(*source).size(), 40U);
    EXPECT_EQ(source->info().cut_off, "");
  }
  testing::write_text(folder_ / "noise.mkv", "no video");
  EXPECT_FALSE(video_length(folder_ / "noise.mkv").has_value());
}

TEST_F(MediaTest, RefusesWhatIsNoVideo) {
  expect_in("no such file", refused(folder_ / "none.mp4"));
  testing::write_text(folder_ / "empty.mp4", "");
  expect_in("is empty", refused(folder_ / "empty.mp4"));
  testing::write_text(folder_ / "notes.txt", "These are notes.\nNo video at all.\n");
  expect_in("is a text file", refused(folder_ / "notes.txt"));
  std::string noise;
  for (int i = 0; i < 5000; ++i) noise += static_cast<char>(i * 7919 % 251);
  testing::write_text(folder_ / "noise.mp4", noise);
  expect_in("cannot be decoded", refused(folder_ / "noise.mp4"));
  expect_in("expected a", refused(""));
  SourceOptions options;
  options.type = SourceType::kVideo;
  options.path = folder_ / "";
  expect_in("is a folder", rejection([&] { list_clips(media_sources(), options); }));
}

TEST_F(MediaTest, ListsVideosByPattern) {
  for (const char* name : {"v10.avi", "v2.avi", "v1.avi"}) write_video(folder_ / name, 3);
  SourceOptions options;
  options.path = folder_ / "v*.avi";
  const auto clips = list_clips(media_sources(), options);
  ASSERT_EQ(clips.size(), 3U);
  EXPECT_TRUE(clips[1].name.ends_with("v2.avi"));
  EXPECT_TRUE(clips[2].name.ends_with("v10.avi"));
  EXPECT_NE(clips[0].identity, clips[1].identity);
}

TEST_F(MediaTest, ReadsImagesInNaturalOrder) {
  for (const int number : {10, 2, 1}) {
    cv::imwrite(folder_ / ("f" + std::to_string(number) + ".png"), cv::Mat(4, 5, CV_8UC1, cv::Scalar(number)));
  }
  testing::write_text(folder_ / "readme.txt", "not an image");
  for (const std::string& path : {folder_ / "", folder_ / "f*.png", folder_ / "f*"}) {
    const auto frames = read(path);
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].pixels[0], 1);
    EXPECT_EQ(frames[1].pixels[0], 2);
    EXPECT_EQ(frames[2].pixels[19], 10);
    EXPECT_EQ(frames[1].name, "f2.png");
    EXPECT_EQ(frames[0].channels, 1);
  }
}

TEST_F(MediaTest, ReadsEveryImageFormat) {
  for (const char* ending : {"png", "tif", "pgm", "bmp", "webp", "jpg"}) {
    const std::string path = folder_ / (std::string("x.") + ending);
    ASSERT_TRUE(cv::imwrite(path, cv::Mat(16, 16, CV_8UC1, cv::Scalar(100))));
    const auto frames = read(path);
    ASSERT_EQ(frames.size(), 1U) << ending;
    EXPECT_NEAR(frames[0].pixels[0], 100, 3) << ending;
  }
  cv::imwrite(folder_ / "deep.png", cv::Mat(4, 4, CV_16UC1, cv::Scalar(54321)));
  EXPECT_EQ(read(folder_ / "deep.png")[0].pixels[3], 54321);
  cv::imwrite(folder_ / "real.tif", cv::Mat(4, 4, CV_32FC1, cv::Scalar(-1.25)));
  EXPECT_EQ(read(folder_ / "real.tif")[0].pixels[3], -1.25F);
  EXPECT_EQ(open_source(media_sources(), folder_ / "real.tif")->info().pixel_type, PixelType::kFloat32);
  cv::imwrite(folder_ / "colour.png", cv::Mat(2, 2, CV_8UC4, cv::Scalar(1, 2, 3, 4)));
  const auto colour = read(folder_ / "colour.png");
  EXPECT_EQ(std::vector<float>(colour[0].pixels.begin(), colour[0].pixels.begin() + 4),
            (std::vector<float>{3, 2, 1, 4}));
}

TEST_F(MediaTest, RefusesBadImages) {
  std::filesystem::create_directory(folder_ / "empty");
  expect_in("holds no images", refused(folder_ / "empty"));
  cv::imwrite(folder_ / "a1.png", cv::Mat(4, 5, CV_8UC1, cv::Scalar(1)));
  cv::imwrite(folder_ / "a2.png", cv::Mat(4, 6, CV_8UC1, cv::Scalar(1)));
  const std::string sizes = refused(folder_ / "a*.png");
  expect_in("a1.png is 5x4", sizes);
  expect_in("a2.png is 6x4", sizes);
  cv::imwrite(folder_ / "b1.png", cv::Mat(4, 5, CV_8UC1, cv::Scalar(1)));
  cv::imwrite(folder_ / "b2.png", cv::Mat(4, 5, CV_16UC1, cv::Scalar(1)));
  expect_in("differ in pixel type", refused(folder_ / "b*.png"));
  testing::write_text(folder_ / "c.png", "this is no png");
  expect_in("cannot be decoded", refused(folder_ / "c.png"));
  // Each byte counts, and the decoder does not get a word in.
  cv::imwrite(folder_ / "e.png", cv::Mat(40, 50, CV_8UC1, cv::Scalar(9)));
  std::ifstream stream(folder_ / "e.png", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  ::testing::internal::CaptureStderr();
  for (const std::size_t length : {whole.size() - 1, whole.size() / 2, std::size_t{40}, std::size_t{9}}) {
    testing::write_text(folder_ / "e.png", whole.substr(0, length));
    expect_in("cut off", refused(folder_ / "e.png"));
  }
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 1;
  testing::write_text(folder_ / "e.png", damaged);
  expect_in("damaged", refused(folder_ / "e.png"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  cv::imwrite(folder_ / "d.tif", cv::Mat(4, 5, CV_32FC1, cv::Scalar(std::nan(""))));
  expect_in("NaN at row 0, column 0", refused(folder_ / "d.tif"));
}

TEST_F(MediaTest, ReadsNpz) {
  std::ostringstream stream;
  const std::vector<std::uint8_t> values{0, 1, 2, 3, 4, 5, 6, 7};
  write_npy(stream, std::vector<std::int64_t>{2, 2, 2}, std::span<const std::uint8_t>(values));
  const std::string array = stream.str();
  int error = 0;
  zip_t* archive = zip_open((folder_ / "a.npz").c_str(), ZIP_CREATE, &error);
  ASSERT_NE(archive, nullptr);
  ASSERT_GE(zip_file_add(archive, "clip.npy", zip_source_buffer(archive, array.data(), array.size(), 0), 0), 0);
  ASSERT_EQ(zip_close(archive), 0);
  const auto frames = read(folder_ / "a.npz");
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1].pixels, (std::vector<float>{4, 5, 6, 7}));

  EXPECT_EQ(read(folder_ / "a.npz#clip").size(), 2U);
  EXPECT_EQ(open_source(media_sources(), folder_ / "a.npz")->info().name, folder_ / "a.npz#clip");
  expect_in("there is no such part", refused(folder_ / "a.npz#rain"));
  std::filesystem::resize_file(folder_ / "a.npz", 100);
  expect_in("damaged or cut off", refused(folder_ / "a.npz"));
}

TEST_F(MediaTest, TrainsOnVideo) {
  write_video(folder_ / "v.mkv", 30);
  DataOptions options;
  options.sources.resize(1);
  options.sources[0].path = folder_ / "v.mkv";
  options.size = {12, 16};
  options.channels = ChannelMode::kColor;
  options.context = options.horizon = 3;
  options.cache.dir = folder_ / "cache";
  NullLog log;
  const DataSet data(options, media_sources(), log);
  EXPECT_EQ(data.channels(), 3);
  EXPECT_EQ(data.clips()[0].frames, 30);
  Sequence sequence;
  data.read(Split::kTrain, 4, sequence);
  EXPECT_NEAR(sequence.frames[0] * 255, 40, 3);
  EXPECT_NEAR(sequence.frames[2] * 255, 200, 3);
}

TEST_F(MediaTest, DrawsDigits) {
  DataOptions options;
  options.sources.resize(1);
  options.sources[0].type = SourceType::kDigits;
  options.context = options.horizon = 2;
  NullLog log;
  const DataSet data(options, media_sources(), log);
  Sequence sequence;
  data.read(Split::kValidation, 0, sequence);
  EXPECT_EQ(sequence.frames.size(), 4U * 64U * 64U);
  EXPECT_GT(*std::max_element(sequence.frames.begin(), sequence.frames.end()), 0.5F);
}

TEST_F(MediaTest, FindsTheCutsOfRealFootage) {
  const std::string video = testing::real_data() + "/video/bikes.mp4";
  if (!std::filesystem::exists(video)) GTEST_SKIP() << "no real data: set NEXTFRAME_DATA";
  DataOptions options;
  options.sources.resize(1);
  options.sources[0].path = video;
  options.cache.dir = folder_ / "cache";
  NullLog log;
  const DataSet data(options, media_sources(), log);
  EXPECT_EQ(data.clips()[0].frames, 250);
  EXPECT_NEAR(data.frames_per_second(), 25, 0.01);
  // Looked at by eye: the frames that begin another shot.
  EXPECT_EQ(data.clips()[0].cuts, (std::vector<std::int64_t>{30, 76, 137, 187, 242}));
  options.sources[0].path = testing::real_data() + "/video/bigbuckbunny.mp4";
  EXPECT_TRUE(DataSet(options, media_sources(), log).clips()[0].cuts.empty());
}

}  // namespace
}  // namespace nextframe
