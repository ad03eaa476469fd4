#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/render/colour_map.h"

namespace nextframe {

/// A picture for eyes: 8 bits, red, green, blue.
struct Picture {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> rgb;  ///< [H,W,3]

  Picture() = default;
  Picture(std::int64_t picture_height, std::int64_t picture_width, Rgb fill)
      : height(picture_height),
        width(picture_width),
        rgb(static_cast<std::size_t>(picture_height * picture_width * 3)) {
    for (std::size_t i = 0; i < rgb.size(); i += 3) {
      rgb[i] = fill.red;
      rgb[i + 1] = fill.green;
      rgb[i + 2] = fill.blue;
    }
  }
};

/// The values that become a colour map's first and last colour.
struct ShownRange {
  double low = 0;
  double high = 255;
};

/// How frames become colours. Colour frames (3 or 4 channels) are shown as they are and ignore the map; of 2, or more
/// than 4 channels the first is shown.
struct Appearance {
  ShownRange range = {};
  ColourMap colours = ColourMap::kGrey;
};

/// Values outside the range get the end colours; missing (mask 0) and NaN pixels get the map's `missing_colour`.
Picture picture_of(const Frame& frame, const Appearance& appearance);

/// forecast - truth pixel by pixel; a pixel is missing where it is missing in one of them.
Frame difference(const Frame& forecast, const Frame& truth);

/// `minuend - subtrahend` through the difference map: zero is white, +-`largest` the map's ends, red where `minuend` is
/// larger. Channels are averaged. The two frames have the same size, and a pixel is missing where it is missing in one
/// of them.
Picture difference_picture(const Frame& minuend, const Frame& subtrahend, double largest);
/// The same of a difference that was taken already.
Picture difference_picture(const Frame& difference, double largest);

/// Repeats every pixel `factor` times in both directions.
Picture enlarged(const Picture& picture, std::int64_t factor);

/// The smallest whole factor that makes the shorter side at least `side` pixels, for frames that are too small to see.
std::int64_t legible_factor(std::int64_t height, std::int64_t width, std::int64_t side);

/// The picture as a frame of three channels, 0..255, for a FrameWriter.
Frame frame_of(const Picture& picture);

/// The bytes of a png image of it.
std::vector<std::uint8_t> png_of(const Picture& picture, const std::string& name);

/// Writes beside its place and renames. Replaces an older file. Rejects a place that cannot be written to, fails on a
/// full disk.
void write_png(const std::string& path, const Picture& picture);

}  // namespace nextframe
