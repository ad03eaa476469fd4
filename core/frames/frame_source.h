#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/frames/radar/geo_reference.h"
#include "core/frames/radar/quantity.h"

namespace nextframe {

/// How a source stores a pixel, and so how the cache stores it.
enum class PixelType : std::uint8_t { kUint8, kUint16, kFloat32 };

constexpr std::size_t size_of(PixelType type) {
  return type == PixelType::kUint8 ? 1 : type == PixelType::kUint16 ? 2 : 4;
}

/// What is known about a source before its frames are read.
struct SourceInfo {
  std::string name;  ///< the path, pattern or address that was opened
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;
  PixelType pixel_type = PixelType::kUint8;
  double low = 0;  ///< the values that the type can take: 0..255, 0..65535; for floats 0..1 by convention, or what the
  double high = 255;                    ///< source measured where it could do so cheaply
  double frames_per_second = 0;         ///< 0 = unknown
  std::int64_t expected_frames = -1;    ///< a hint for progress only, never to be believed; -1 = unknown
  bool live = false;                    ///< a camera or stream: it has no end and cannot be read twice
  Measurement measurement = {};         ///< what a pixel measures; low and high are then what is shown, no limits
  GeoReference place = {};              ///< where the pixels lie
  std::string attribution = {};         ///< whom the data are from
  std::string product = {};             ///< radar: the row of the table of products, as JSON
  std::vector<std::string> notes = {};  ///< for people: what was left out, as far as it is known by now
  std::string cut_off = {};             ///< known after the last frame: why frames behind it must have been lost

  /// Seconds from one frame to the next; 0 = unknown.
  double step_seconds() const { return frames_per_second > 0 ? 1 / frames_per_second : 0; }
};

/// Frames in order, each decoded once, from the first to the last. There is no seeking.
class FrameSource {
 public:
  FrameSource() = default;
  FrameSource(const FrameSource&) = delete;
  FrameSource& operator=(const FrameSource&) = delete;
  virtual ~FrameSource() = default;

  virtual const SourceInfo& info() const = 0;
  /// Reads the next frame into `frame`, reusing its memory; false after the last one. Every frame has the size and the
  /// channels of info(); a source whose frames do not is rejected while reading.
  virtual bool next(Frame& frame) = 0;
};

}  // namespace nextframe
