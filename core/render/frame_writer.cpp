#include "core/render/frame_writer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "core/render/writers.h"

namespace nextframe {

namespace fs = std::filesystem;

namespace {

using MakeWriter = std::unique_ptr<FrameWriter> (*)(const std::string&, const WriterOptions&);

template <ArrayFormat kFormat>
std::unique_ptr<FrameWriter> make_array(const std::string& path, const WriterOptions& options) {
  return make_array_writer(path, options, kFormat);
}

std::unique_ptr<FrameWriter> make_mp4(const std::string& path, const WriterOptions& options) {
  return make_video_writer(path, options, {.muxer = "mp4", .encoder = "libx264", .codec = VideoCodec::kH264});
}
std::unique_ptr<FrameWriter> make_mkv(const std::string& path, const WriterOptions& options) {
  return make_video_writer(path, options, {.muxer = "matroska", .encoder = "ffv1", .codec = VideoCodec::kFfv1});
}
std::unique_ptr<FrameWriter> make_avi(const std::string& path, const WriterOptions& options) {
  return make_video_writer(path, options, {.muxer = "avi", .encoder = "ffv1", .codec = VideoCodec::kFfv1});
}
std::unique_ptr<FrameWriter> make_gif(const std::string& path, const WriterOptions& options) {
  return make_video_writer(path, options, {.muxer = "gif", .encoder = "gif", .codec = VideoCodec::kGif});
}

enum class Channels { kAny, kPicture };        // a picture has 1, 3 or 4
enum class Depths { kEight, kSixteen, kAll };  // the most that is kept

struct Row {
  OutputFormat format;
  MakeWriter make;
  Channels channels;
  Depths depths;
};

/// The one table of outputs: a new one is a row here and a writer.
constexpr std::array kTable{
    Row{{".mp4", "H.264 video, for eyes only"}, make_mp4, Channels::kPicture, Depths::kEight},
    Row{{".mkv", "lossless FFV1 video, 8 or 16 bits"}, make_mkv, Channels::kPicture, Depths::kSixteen},
    Row{{".avi", "lossless FFV1 video, 8 or 16 bits"}, make_avi, Channels::kPicture, Depths::kSixteen},
    Row{{".gif", "animated GIF, 256 colours a frame"}, make_gif, Channels::kPicture, Depths::kEight},
    Row{{".npy", "NumPy array"}, make_array<ArrayFormat::kNpy>, Channels::kAny, Depths::kAll},
    Row{{".npz", "compressed NumPy array"}, make_array<ArrayFormat::kNpz>, Channels::kAny, Depths::kAll},
    Row{{".nc", "CF netCDF of rain, with times and projection"}, make_netcdf_writer, Channels::kAny, Depths::kAll},
    Row{{"", "folder of GeoTIFF of rain"}, make_geotiff_folder_writer, Channels::kAny, Depths::kAll},
    Row{{"", "folder of png images, 8 or 16 bits"}, make_image_folder_writer, Channels::kPicture, Depths::kSixteen},
};

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

const Row& row_for(const std::string& path, FolderFiles folder_files) {
  if (path.empty()) reject("[output] no name was given for the output");
  std::error_code code;
  const bool is_folder = path.back() == '/' || fs::is_directory(path, code);
  const std::string ending = is_folder ? "" : lower(fs::path(path).extension().string());
  std::string known;
  for (const Row& row : kTable) {
    const bool geotiff = row.make == make_geotiff_folder_writer;
    if (row.format.ending == ending && (!ending.empty() || geotiff == (folder_files == FolderFiles::kGeotiff))) {
      return row;
    }
    if (!row.format.ending.empty()) known += format("{}{}", known.empty() ? "" : ", ", row.format.ending);
  }
  reject("[output] {}: cannot write \"{}\"; expected {}, or a name that ends in / for a folder of png images", path,
         ending, known);
}

void check_options(const std::string& path, const WriterOptions& options, const Row& row) {
  if (options.height < 1 || options.width < 1 || options.channels < 1) {
    reject("[output] {}: frames of {} x {} pixels and {} channels cannot be written", path, options.width,
           options.height, options.channels);
  }
  constexpr std::int64_t kLargestSide = 32767;
  if (row.channels == Channels::kPicture) {
    if (options.channels != 1 && options.channels != 3 && options.channels != 4) {
      reject("[output] {}: holds pictures of 1, 3 or 4 channels, got {}; use .npy or .npz", path, options.channels);
    }
    if (options.width > kLargestSide || options.height > kLargestSide) {
      reject("[output] {}: frames of {} x {} pixels are too large for this format; use .npy or .npz", path,
             options.width, options.height);
    }
  }
  const PixelType asked = options.stored_as.value_or(PixelType::kUint8);
  if (row.depths == Depths::kEight && asked != PixelType::kUint8) {
    reject("[output] {}: holds 8 bits a value, more was asked for; use .mkv, a folder of png images, .npy or .npz",
           path);
  }
  if (row.depths == Depths::kSixteen && asked == PixelType::kFloat32) {
    reject("[output] {}: holds 8 or 16 bits a value, float was asked for; use .npy or .npz", path);
  }
  if (!std::isfinite(options.frames_per_second) || options.frames_per_second < 0) {
    reject("[output] {}: {} frames a second is no frame rate", path, options.frames_per_second);
  }
  const bool scaled = row.depths != Depths::kAll || asked != PixelType::kFloat32;
  if (scaled && !(options.high > options.low)) {
    reject("[output] {}: the values' range {} .. {} is empty", path, options.low, options.high);
  }
}

/// Takes a name apart from its beginning; each member takes what fits and tells whether there was any.
class NameScanner {
 public:
  explicit NameScanner(std::string_view name) : rest_(name) {}

  bool text(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  bool digits(std::size_t least) {
    const std::size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    rest_.remove_prefix(count);
    return count >= least;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace

void check_file_place(const std::string& path, IfExists if_exists) {
  std::error_code code;
  if (if_exists == IfExists::kRefuse && fs::exists(fs::symlink_status(path, code))) {
    reject("[output] {}: exists already; choose another name or give --overwrite", path);
  }
}

const std::vector<OutputFormat>& output_formats() {
  static const std::vector<OutputFormat> formats = [] {
    std::vector<OutputFormat> list;
    for (const Row& row : kTable) list.push_back(row.format);
    return list;
  }();
  return formats;
}

std::unique_ptr<FrameWriter> make_writer(const std::string& path, const WriterOptions& options) {
  const Row& row = row_for(path, options.folder_files);
  check_options(path, options, row);
  if (!row.format.ending.empty()) check_file_place(path, options.if_exists);
  WriterOptions effective = options;
  if (row.depths == Depths::kEight) effective.stored_as = PixelType::kUint8;
  return row.make(path, effective);
}

void check_frame(const std::string& path, const WriterOptions& options, const Frame& frame) {
  if (frame.height == options.height && frame.width == options.width && frame.channels == options.channels &&
      frame.pixels.size() == frame.elements()) {
    return;
  }
  reject("[output] {}: got a frame of {} x {} pixels and {} channels among frames of {} x {} and {}", path, frame.width,
         frame.height, frame.channels, options.width, options.height, options.channels);
}

PixelType stored_integer_type(const WriterOptions& options) {
  if (options.stored_as) return *options.stored_as;
  return options.pixel_type == PixelType::kUint16 ? PixelType::kUint16 : PixelType::kUint8;
}

std::string forecast_file_name(const FrameStamp& stamp, std::int64_t position) {
  std::string name;
  if (stamp.first_frame) name = format("hindcast_{:06}_", *stamp.first_frame);
  if (stamp.lead_time < 1) return name + format("context_{:03}_lead_{}.png", position + 1, stamp.lead_time);
  name += format("forecast_lead_{:03}", stamp.lead_time);
  if (stamp.seconds > 0) {
    const auto milliseconds = static_cast<std::int64_t>(std::llround(stamp.seconds * 1000));
    name += format("_{:02}m{:02}.{:03}s", milliseconds / 60000, milliseconds / 1000 % 60, milliseconds % 1000);
  }
  return name + ".png";
}

std::string numbered_file_name(std::int64_t number) { return format("frame_{:04}.png", number); }

bool is_output_file_name(std::string_view name, Contents contents) {
  NameScanner scan(name);
  if (contents == Contents::kFrames) return scan.text("frame_") && scan.digits(4) && scan.rest() == ".png";
  if (scan.text("hindcast_") && !(scan.digits(1) && scan.text("_"))) return false;
  if (scan.text("context_")) {
    if (!scan.digits(3) || !scan.text("_lead_")) return false;
    scan.text("-");
    return scan.digits(1) && scan.rest() == ".png";
  }
  if (!scan.text("forecast_lead_") || !scan.digits(3)) return false;
  const bool timed = scan.text("_");
  if (timed &&
      !(scan.digits(2) && scan.text("m") && scan.digits(2) && scan.text(".") && scan.digits(3) && scan.text("s"))) {
    return false;
  }
  return scan.rest() == ".png";
}

}  // namespace nextframe
