#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/render/frame_writer.h"

namespace nextframe {

/// What make_writer chooses among. All of them expect that the output may be written (`make_writer` has checked).
enum class VideoCodec { kH264, kFfv1, kGif };

struct VideoFormat {
  std::string_view muxer;    ///< libavformat's name
  std::string_view encoder;  ///< libavcodec's name
  VideoCodec codec = VideoCodec::kFfv1;
};

std::unique_ptr<FrameWriter> make_video_writer(const std::string& path, const WriterOptions& options,
                                               const VideoFormat& format);

enum class ArrayFormat { kNpy, kNpz };
std::unique_ptr<FrameWriter> make_array_writer(const std::string& path, const WriterOptions& options,
                                               ArrayFormat format);

std::unique_ptr<FrameWriter> make_image_folder_writer(const std::string& path, const WriterOptions& options);

/// Rejects a frame that is not what the options say.
void check_frame(const std::string& path, const WriterOptions& options, const Frame& frame);

/// The integer type in which a picture or video stores its pixels: `stored_as`, else 16 bits for 16-bit sources where
/// the format has them, else 8.
PixelType stored_integer_type(const WriterOptions& options);
std::unique_ptr<FrameWriter> make_geotiff_folder_writer(const std::string& path, const WriterOptions& options);
std::unique_ptr<FrameWriter> make_netcdf_writer(const std::string& path, const WriterOptions& options);

}  // namespace nextframe
