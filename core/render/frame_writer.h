#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frames/frame.h"
#include "core/frames/frame_source.h"
#include "core/frames/radar/raster_output.h"

namespace nextframe {

/// Which moment a written frame shows, seen from the last observed frame.
struct FrameStamp {
  std::int64_t lead_time = 1;  ///< frames after the last observed one: 1 is the first forecast, 0 and less are inputs
  double seconds = 0;          ///< the lead time in seconds; 0 where the source's frame rate is unknown
  std::optional<std::int64_t> first_frame =
      {};  ///< hindcasts: the number of the recording's frame that lead time 1 forecasts
};

enum class IfExists {
  kRefuse,   ///< reject before anything is computed
  kReplace,  ///< the old output is replaced by one rename when the new one is complete; foreign files are still refused
};

/// Rejects a file that exists and may not be replaced.
void check_file_place(const std::string& path, IfExists if_exists);

/// What the frames are, as far as an output says it: in the names of images, in an archive, in a video's title.
enum class Contents {
  kForecasts,  ///< images are named by `forecast_file_name`
  kFrames,     ///< of any other kind: images are "frame_0000.png", ...
};

/// What a folder gets.
enum class FolderFiles { kPng, kGeotiff };

/// What a writer is told about the frames that it will get.
struct WriterOptions {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  double frames_per_second = 0;              ///< 0 = unknown: videos then play 10 frames a second
  PixelType pixel_type = PixelType::kUint8;  ///< how the source of these values stores a pixel
  double low = 0;                            ///< the value that becomes black where a format stores integers of another
  double high = 255;                         ///< type than pixel_type, and the value that becomes white
  std::optional<PixelType> stored_as = {};   ///< unset: the source's type where the format has it, arrays kFloat32
  std::int64_t sequence_length = 0;          ///< arrays: > 0 makes [N,L,H,W,C] of every L frames, 0 makes [T,H,W,C]
  IfExists if_exists = IfExists::kRefuse;
  Contents contents = Contents::kForecasts;
  FolderFiles folder_files = FolderFiles::kPng;
  std::optional<RasterHeader> raster = {};  ///< .nc and folders of GeoTIFF: what the channels are
  std::int64_t frames = 0;                  ///< .nc: so many will come
};

/// Takes frames in order and makes one output of them. Everything goes to a hidden name beside its place first, and
/// gets its name in `close`; a writer that is destroyed without `close` removes what it wrote and leaves the old output
/// untouched. A file that is complete is flushed to the disk before it is renamed.
class FrameWriter {
 public:
  FrameWriter() = default;
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;
  virtual ~FrameWriter() = default;

  /// Values in source units. A value that the output stores as an integer of the source's own type is rounded, of
  /// another type is scaled from low..high to the type's range and rounded; what lies outside is clipped, NaN becomes
  /// the lowest value. Arrays of floats keep every value, and get NaN where the frame's mask is 0. Rejects a frame
  /// whose size or channels are not those of the options; fails on a full disk.
  virtual void write(const Frame& frame, const FrameStamp& stamp) = 0;
  /// Completes the output and gives it its name. Rejects an output without a single frame.
  virtual void close() = 0;
};

/// One row of the table of outputs.
struct OutputFormat {
  std::string_view ending;       ///< ".mp4"; empty: a path without ending, or one that ends in '/': a folder
  std::string_view description;  ///< for help and error messages
};

/// mp4, mkv, avi, gif, npy, npz, nc, folder.
const std::vector<OutputFormat>& output_formats();

/// The writer that the ending of `path` asks for. Rejects, before anything is computed: an unknown ending, a place that
/// does not exist or cannot be written to, an output that exists (unless it may be replaced), a folder that holds other
/// files than earlier forecasts, a codec that is missing, a number of channels or a type that the format does not have.
///
/// .mp4   H.264, yuv420p, crf 18; odd sizes are padded to even by repeating the last row or column. For eyes only.
/// .mkv   FFV1, lossless: 1, 3 or 4 channels, 8 or 16 bits.
/// .avi   FFV1, lossless, likewise.
/// .gif   8 bits, at most 256 colours a frame, at most 50 frames a second; repeats for ever.
/// .npy   float32, or as stored_as says; [T,H,W] for one channel, else [T,H,W,C].
/// .npz   the same array, compressed, under the name "forecast" or "frames".
/// .nc    netCDF after CF-1.8 of rain: see create_netcdf. Frames come in order, all that were announced, with their times.
/// folder GeoTIFF, one a frame with its valid time in the name: "forecast_lead_003_201008260515.tif"; see create_geotiff.
/// folder png images, 1, 3 or 4 channels, 8 or 16 bits, named by `forecast_file_name` or `numbered_file_name`.
std::unique_ptr<FrameWriter> make_writer(const std::string& path, const WriterOptions& options);

/// "forecast_lead_003_00m00.300s.png", without the time where it is unknown; inputs, which only pictures side by side
/// show, are "context_001_lead_-9.png", where `position` counts the frames since the last forecast. In front of a
/// hindcast's names stands the number of the first frame that it forecasts: "hindcast_000120_forecast_lead_003.png".
/// The natural order of the names is the order in time.
std::string forecast_file_name(const FrameStamp& stamp, std::int64_t position);

/// "frame_0007.png"; longer where the number is.
std::string numbered_file_name(std::int64_t number);

/// Whether a file of this name is an earlier output of a folder writer of such contents.
bool is_output_file_name(std::string_view name, Contents contents);

}  // namespace nextframe
