#include "core/frames/image_source.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <opencv2/core/mat.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/base/text.h"
#include "core/frames/decoder_messages.h"
#include "core/frames/path_list.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string_view> kExtensions{".png", ".jpg", ".jpeg", ".tif", ".tiff",
                                                ".pgm", ".ppm", ".pnm",  ".bmp", ".webp"};

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::uint32_t big_endian(const std::byte* p) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(p[i]);
  return value;
}

/// Whether a PNG is damaged or cut off (PNG specification, sections 5.3 to 5.6). libpng would say so to stderr by itself.
bool is_broken_png(const std::string& path) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
  constexpr std::size_t kLengthAndType = 8, kChecksum = 4;
  const MappedFile file(path);
  const auto bytes = file.bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kSignature)) return false;
  for (std::size_t at = kSignature.size(); at + kLengthAndType + kChecksum <= bytes.size();) {
    const std::size_t length = big_endian(bytes.data() + at);
    if (length > bytes.size() - at - kLengthAndType - kChecksum) return true;
    const std::size_t end = at + kLengthAndType + length;
    const auto* checked = reinterpret_cast<const Bytef*>(bytes.data() + at + 4);
    if (crc32(0, checked, static_cast<uInt>(length + 4)) != big_endian(bytes.data() + end)) return true;
    if (text.substr(at + 4, 4) == "IEND") return false;
    at = end + kChecksum;
  }
  return true;
}

cv::Mat read_image(const std::string& path) {
  silence_decoders();
  cv::Mat image;
  try {
    if (!is_broken_png(path)) image = cv::imread(path, cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception&) {
    image.release();
  }
  if (image.empty()) reject("[images] {}: cannot be decoded; it is no image, or damaged or cut off", path);
  return image;
}

PixelType type_of(const cv::Mat& image, const std::string& path) {
  switch (image.depth()) {
    case CV_8U:
      return PixelType::kUint8;
    case CV_16U:
      return PixelType::kUint16;
    case CV_32F:
    case CV_64F:
      return PixelType::kFloat32;
    default:
      reject("[images] {}: has signed integer pixels; expected 8-bit, 16-bit unsigned or float", path);
  }
}

class ImageSource final : public FrameSource {
 public:
  ImageSource(std::string name, std::vector<std::string> paths, double frames_per_second) : paths_(std::move(paths)) {
    first_ = read_image(paths_.front());
    info_.name = std::move(name);
    info_.height = first_.rows;
    info_.width = first_.cols;
    info_.channels = first_.channels();
    info_.pixel_type = type_of(first_, paths_.front());
    info_.high = info_.pixel_type == PixelType::kUint8 ? 255 : info_.pixel_type == PixelType::kUint16 ? 65535 : 1;
    info_.frames_per_second = frames_per_second;
    info_.expected_frames = static_cast<std::int64_t>(paths_.size());
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Frame& frame) override {
    if (position_ == paths_.size()) return false;
    const std::string& path = paths_[position_];
    const cv::Mat image = position_ == 0 ? std::exchange(first_, cv::Mat()) : read_image(path);
    compare(image, path);
    frame.height = info_.height;
    frame.width = info_.width;
    frame.channels = info_.channels;
    frame.mask.clear();
    frame.name = fs::path(path).filename().native();
    frame.seconds = info_.frames_per_second > 0 ? static_cast<double>(position_) / info_.frames_per_second : -1;
    frame.pixels.resize(frame.elements());
    switch (image.depth()) {
      case CV_8U:
        copy<std::uint8_t>(image, frame);
        break;
      case CV_16U:
        copy<std::uint16_t>(image, frame);
        break;
      case CV_32F:
        copy<float>(image, frame);
        break;
      default:
        copy<double>(image, frame);
        break;
    }
    if (info_.pixel_type == PixelType::kFloat32) require_finite(frame, path);
    ++position_;
    return true;
  }

 private:
  void compare(const cv::Mat& image, const std::string& path) const {
    if (image.rows != info_.height || image.cols != info_.width || image.channels() != info_.channels) {
      reject("[images] {} is {}x{} with {} channels, {} is {}x{} with {}; expected images of one size", paths_.front(),
             info_.width, info_.height, info_.channels, path, image.cols, image.rows, image.channels());
    }
    if (type_of(image, path) != info_.pixel_type) {
      reject("[images] {} and {} differ in pixel type; expected one throughout", paths_.front(), path);
    }
  }

  /// OpenCV's blue, green, red, alpha to red, green, blue, alpha.
  template <class Stored>
  static void copy(const cv::Mat& image, Frame& frame) {
    const int channels = image.channels();
    float* target = frame.pixels.data();
    for (int y = 0; y < image.rows; ++y) {
      const Stored* pixel = image.ptr<Stored>(y);
      for (int x = 0; x < image.cols; ++x, pixel += channels, target += channels) {
        for (int c = 0; c < channels; ++c) {
          target[c] = static_cast<float>(pixel[channels >= 3 && c < 3 ? 2 - c : c]);
        }
      }
    }
  }

  static void require_finite(const Frame& frame, const std::string& path) {
    const auto bad = std::find_if(frame.pixels.begin(), frame.pixels.end(), [](float v) { return !std::isfinite(v); });
    if (bad == frame.pixels.end()) return;
    const std::int64_t pixel = (bad - frame.pixels.begin()) / frame.channels;
    reject("[images] {}: holds {} at row {}, column {}; expected finite numbers only", path,
           std::isnan(*bad) ? "NaN" : "infinity", pixel / frame.width, pixel % frame.width);
  }

  std::vector<std::string> paths_;
  cv::Mat first_;
  SourceInfo info_;
  std::size_t position_ = 0;
};

std::vector<std::string> images_in(const std::string& folder) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().native();
    if (!entry->path().filename().native().starts_with('.') && has_extension(path, kExtensions)) paths.push_back(path);
  }
  if (paths.empty()) {
    reject(
        "[images] {}: holds no images; expected png, jpg, tif, pgm, bmp or webp (for videos give a pattern such as "
        "{}/*.mp4)",
        folder, folder);
  }
  std::sort(paths.begin(), paths.end(), natural_less);
  return paths;
}

ClipReference clip_of(const std::string& name, std::vector<std::string> paths, double frames_per_second) {
  std::vector<std::string> files;
  for (const std::string& path : paths) files.push_back(file_identity(path));
  return {name, join(files, "\n"),
          [name, paths = std::move(paths), frames_per_second] {
            return std::make_unique<ImageSource>(name, paths, frames_per_second);
          },
          frames_per_second, files};
}

}  // namespace

bool is_images(const std::string& path) {
  if (is_address(path) || is_camera(path)) return false;
  const std::vector<std::string> paths = expand_path(path);
  return !paths.empty() && (is_folder(paths.front()) || has_extension(paths.front(), kExtensions));
}

std::vector<ClipReference> list_images(const SourceOptions& options) {
  require_path(options.path);
  std::vector<ClipReference> clips;
  std::vector<std::string> files;
  for (const std::string& path : expand_path(options.path)) {
    if (is_folder(path)) {
      clips.push_back(clip_of(path, images_in(path), options.frames_per_second));
    } else {
      files.push_back(path);
    }
  }
  if (clips.empty()) return {clip_of(options.path, std::move(files), options.frames_per_second)};
  return clips;
}

}  // namespace nextframe
