#include "core/frames/video_source.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <opencv2/core/mat.hpp>
#include <opencv2/videoio.hpp>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/frames/decoder_messages.h"
#include "core/frames/path_list.h"
#include "core/frames/video_length.h"

namespace nextframe {
namespace {

/// How long a stream may be silent.
constexpr int kPatienceSeconds = 10;

/// By how much pictures may end before the container's length without anything being lost: a share of the length and
/// seconds, for the last picture may be shown for long and sound may go on; and frames, where the container counts them.
constexpr double kTolerance = 0.02;
constexpr double kToleranceSeconds = 0.5;
constexpr double kToleranceWithSound = 0.1;
constexpr double kToleranceSecondsWithSound = 5;

/// FFmpeg shows text as a picture of letters: look before opening.
void refuse_what_is_no_video(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::exists(path, error)) reject("[video] {}: no such file", path);
  if (fs::is_directory(path, error))
    reject(
        "[video] {}: is a folder; expected a video, a pattern such as {}/*.mp4, or "
        "the source's \"type\" as \"images\" for a folder of images",
        path, path);
  if (!fs::is_regular_file(path, error)) return;
  std::ifstream file(path, std::ios::binary);
  if (!file) reject("[video] {}: cannot be opened", path);
  std::array<char, 4096> start{};
  file.read(start.data(), start.size());
  const auto bytes = file.gcount();
  if (bytes == 0) reject("[video] {}: is empty", path);
  const bool text = std::all_of(start.begin(), start.begin() + bytes, [](char c) {
    return static_cast<unsigned char>(c) >= 32
               ? c != 127
               : c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\b' || c == '\x1b';
  });
  if (text) reject("[video] {}: is a text file, no video", path);
}

/// Whether the codec's own pixels are grey, as FFmpeg's four-character codes say it. Pictures of other formats may still
/// show nothing but grey, which is not known before the last of them.
bool is_grey(const cv::VideoCapture& capture) {
  const double code = capture.get(cv::CAP_PROP_CODEC_PIXEL_FORMAT);
  if (!(code > 0 && code <= 0xFFFFFFFFp0)) return false;
  const auto tag = static_cast<std::uint32_t>(code);
  const auto letter = [tag](int place) { return static_cast<char>(tag >> (8 * place) & 0xFF); };
  const bool eight = letter(0) == 'Y' && letter(1) == '8' && letter(2) == '0' && letter(3) == '0';
  const bool more = letter(0) == 'Y' && letter(1) == '1' && letter(2) == 0;  // 10, 12, 16 bits, read as 8
  return eight || more;
}

class VideoSource final : public FrameSource {
 public:
  explicit VideoSource(const std::string& path) {
    silence_decoders();
    info_.name = path;
    if (is_camera(path)) {
      info_.live = true;
      capture_.open(std::stoi(path), cv::CAP_ANY);
      if (!capture_.isOpened()) reject("[video] camera {}: there is none of this number, or it is in use", path);
    } else if (is_address(path)) {
      info_.live = true;
      constexpr int kMilliseconds = 1000 * kPatienceSeconds;
      capture_.open(path, cv::CAP_FFMPEG,
                    {cv::CAP_PROP_OPEN_TIMEOUT_MSEC, kMilliseconds, cv::CAP_PROP_READ_TIMEOUT_MSEC, kMilliseconds});
      if (!capture_.isOpened()) {
        reject("[video] {}: the stream cannot be opened; nobody answers there, or sends no video within {} s", path,
               kPatienceSeconds);
      }
    } else {
      refuse_what_is_no_video(path);
      // An absolute path is never taken for a protocol ("a:b.mp4").
      capture_.open(std::filesystem::absolute(path).native(), cv::CAP_FFMPEG);
      if (!capture_.isOpened()) reject("[video] {}: cannot be decoded; it is no video, or damaged or cut off", path);
      std::error_code ignored;
      if (std::filesystem::is_regular_file(path, ignored)) length_ = video_length(path);
    }
    if (!grab()) reject("[video] {}: no frame can be decoded; it is damaged or cut off", path);
    info_.height = image_.rows;
    info_.width = image_.cols;
    info_.channels = is_grey(capture_) ? 1 : 3;
    const double rate = capture_.get(cv::CAP_PROP_FPS);
    info_.frames_per_second = std::isfinite(rate) && rate > 0 && rate < 1000 ? rate : 0;
    const double frames = capture_.get(cv::CAP_PROP_FRAME_COUNT);
    info_.expected_frames = !info_.live && frames > 0 && frames < 1e9 ? static_cast<std::int64_t>(frames) : -1;
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Frame& frame) override {
    if (!ready_ && !grab()) {
      compare_length();
      return false;
    }
    ready_ = false;
    if (image_.rows != info_.height || image_.cols != info_.width) {
      reject("[video] {}: frame {} is {}x{}, the first {}x{}; expected one size throughout", info_.name, number_,
             image_.cols, image_.rows, info_.width, info_.height);
    }
    frame.height = info_.height;
    frame.width = info_.width;
    frame.channels = info_.channels;
    frame.mask.clear();
    frame.name.clear();
    frame.seconds = seconds_;
    frame.pixels.resize(frame.elements());
    float* target = frame.pixels.data();
    for (int y = 0; y < image_.rows; ++y) {
      const std::uint8_t* row = image_.ptr<std::uint8_t>(y);
      for (int x = 0; x < image_.cols; ++x, row += 3) {
        *target++ = row[2];
        if (info_.channels == 1) continue;
        *target++ = row[1];
        *target++ = row[0];
      }
    }
    ++number_;
    return true;
  }

 private:
  bool grab() {
    try {
      if (!capture_.read(image_) || image_.empty()) return false;
    } catch (const cv::Exception&) {
      return false;  // some damage is reported so; the frames before it stand
    }
    if (image_.type() != CV_8UC3)
      fail("[video] {}: OpenCV gave frames of type {}, expected 8-bit BGR", info_.name, image_.type());
    note_time();
    ready_ = true;
    return true;
  }

  /// The frame's own time stamp where it moves forward, else its number by the frame rate.
  void note_time() {
    const double stamp = capture_.get(cv::CAP_PROP_POS_MSEC) / 1000;
    if (!begun_) {
      first_stamp_ = stamp;
      begun_ = true;
      seconds_ = 0;
      return;
    }
    const double since = stamp - first_stamp_;
    if (std::isfinite(since) && since > seconds_) {
      seconds_ = since;
    } else if (info_.frames_per_second > 0) {
      seconds_ += 1 / info_.frames_per_second;
    }
  }

  /// After the last frame: notes it where the container promised more.
  void compare_length() {
    if (!length_) return;
    const VideoLength length = *std::exchange(length_, std::nullopt);
    const bool certain = length.of == VideoLength::Of::kPictures;
    const double end = seconds_ + (info_.frames_per_second > 0 ? 1 / info_.frames_per_second : 0);
    const double tolerance = certain ? std::max(kToleranceSeconds, kTolerance * length.seconds)
                                     : std::max(kToleranceSecondsWithSound, kToleranceWithSound * length.seconds);
    const auto counted = static_cast<double>(length.frames);
    const bool all_counted = length.frames > 0 && static_cast<double>(number_) >= (1 - kTolerance) * counted - 3;
    if (end >= length.seconds - tolerance || all_counted) return;
    const std::string found = format(
        "{}: ends after {} frames, at {:.1f} s, but its container says that it lasts {:.1f} s: the file was cut off",
        info_.name, number_, end, length.seconds);
    info_.notes.push_back(certain ? found : found + ", or its sound lasts longer");
    if (certain) {
      info_.cut_off = found + "; fetch it whole, or take it as it is by ffmpeg -i INPUT -c copy OUTPUT";
    }
  }

  std::optional<VideoLength> length_;
  cv::VideoCapture capture_;
  cv::Mat image_;
  SourceInfo info_;
  std::int64_t number_ = 0;
  double first_stamp_ = 0;
  double seconds_ = 0;
  bool begun_ = false;
  bool ready_ = false;
};

}  // namespace

bool is_video(const std::string& path) {
  std::error_code ignored;
  return !std::filesystem::is_directory(path, ignored);
}

/// What comes through a pipe now never comes again, so its identity is that of this moment.
ClipReference pipe_clip(const std::string& path) {
  const auto opened = std::make_shared<bool>(false);
  return {
      path, format("{}|process {}|{}", path, ::getpid(), std::chrono::system_clock::now().time_since_epoch().count()),
      [path, opened]() -> std::unique_ptr<FrameSource> {
        if (std::exchange(*opened, true)) {
          reject("[video] {}: is a pipe, which can be read once and is needed again; save it as a file first", path);
        }
        return std::make_unique<VideoSource>(path);
      }};
}

std::vector<ClipReference> list_videos(const SourceOptions& options) {
  require_path(options.path);
  std::vector<ClipReference> clips;
  const bool live = is_address(options.path) || is_camera(options.path);
  const std::vector<std::string> paths = live ? std::vector<std::string>{options.path} : expand_path(options.path);
  for (const std::string& path : paths) {
    if (!live) refuse_what_is_no_video(path);
    if (is_pipe(path)) {
      clips.push_back(pipe_clip(path));
      continue;
    }
    clips.push_back({path, live ? path : file_identity(path), [path] { return std::make_unique<VideoSource>(path); }});
  }
  return clips;
}

}  // namespace nextframe
