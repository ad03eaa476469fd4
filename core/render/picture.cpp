#include "core/render/picture.h"

#include <algorithm>
#include <cmath>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/render/png.h"

namespace nextframe {
namespace {

void put(Picture& picture, std::int64_t place, Rgb c) {
  std::uint8_t* pixel = picture.rgb.data() + place * 3;
  pixel[0] = c.red;
  pixel[1] = c.green;
  pixel[2] = c.blue;
}

bool is_missing(const Frame& frame, std::int64_t place) {
  return !frame.mask.empty() && frame.mask[static_cast<std::size_t>(place)] == 0;
}

}  // namespace

Picture picture_of(const Frame& frame, const Appearance& appearance) {
  Picture picture(frame.height, frame.width, {});
  const double width = appearance.range.high - appearance.range.low;
  const double scale = width > 0 ? 1 / width : 0;
  const bool coloured = frame.channels == 3 || frame.channels == 4;
  for (std::int64_t place = 0; place < frame.area(); ++place) {
    const float* pixel = frame.pixels.data() + place * frame.channels;
    if (is_missing(frame, place) || std::isnan(pixel[0])) {
      put(picture, place, missing_colour(coloured ? ColourMap::kGrey : appearance.colours));
      continue;
    }
    const auto position = [&](int c) { return (pixel[c] - appearance.range.low) * scale; };
    if (!coloured) {
      put(picture, place, colour(appearance.colours, position(0)));
      continue;
    }
    const auto level = [&](int c) { return colour(ColourMap::kGrey, position(c)).red; };
    put(picture, place, {level(0), level(1), level(2)});
  }
  return picture;
}

Frame difference(const Frame& forecast, const Frame& truth) {
  if (forecast.height != truth.height || forecast.width != truth.width || forecast.channels != truth.channels) {
    fail("[render] the difference of a frame of {} x {} x {} and one of {} x {} x {}", forecast.height, forecast.width,
         forecast.channels, truth.height, truth.width, truth.channels);
  }
  Frame result = forecast;
  for (std::size_t i = 0; i < result.pixels.size(); ++i) result.pixels[i] -= truth.pixels[i];
  if (result.mask.empty()) result.mask = truth.mask;
  for (std::size_t p = 0; p < truth.mask.size(); ++p) {
    if (truth.mask[p] == 0) result.mask[p] = 0;
  }
  return result;
}

Picture difference_picture(const Frame& difference, double largest) {
  Picture picture(difference.height, difference.width, {});
  const double scale = largest > 0 ? 0.5 / largest : 0;
  for (std::int64_t place = 0; place < difference.area(); ++place) {
    double sum = 0;
    for (std::int64_t c = 0; c < difference.channels; ++c) {
      sum += static_cast<double>(difference.pixels[static_cast<std::size_t>(place * difference.channels + c)]);
    }
    const double mean = sum / static_cast<double>(difference.channels);
    const bool missing = is_missing(difference, place) || std::isnan(mean);
    put(picture, place,
        missing ? missing_colour(ColourMap::kDifference) : colour(ColourMap::kDifference, 0.5 + mean * scale));
  }
  return picture;
}

Picture difference_picture(const Frame& minuend, const Frame& subtrahend, double largest) {
  return difference_picture(difference(minuend, subtrahend), largest);
}

Picture enlarged(const Picture& picture, std::int64_t factor) {
  if (factor == 1) return picture;
  Picture result(picture.height * factor, picture.width * factor, {});
  for (std::int64_t y = 0; y < result.height; ++y) {
    for (std::int64_t x = 0; x < result.width; ++x) {
      const std::uint8_t* pixel = picture.rgb.data() + (y / factor * picture.width + x / factor) * 3;
      put(result, y * result.width + x, {pixel[0], pixel[1], pixel[2]});
    }
  }
  return result;
}

std::int64_t legible_factor(std::int64_t height, std::int64_t width, std::int64_t side) {
  const std::int64_t shorter = std::max<std::int64_t>(1, std::min(height, width));
  return std::max<std::int64_t>(1, (side + shorter - 1) / shorter);
}

Frame frame_of(const Picture& picture) {
  Frame frame;
  frame.height = picture.height;
  frame.width = picture.width;
  frame.channels = 3;
  frame.pixels.assign(picture.rgb.begin(), picture.rgb.end());
  return frame;
}

std::vector<std::uint8_t> png_of(const Picture& picture, const std::string& name) {
  return encode_png(picture.rgb.data(), picture.height, picture.width, 3, PixelType::kUint8, name);
}

void write_png(const std::string& path, const Picture& picture) {
  const std::vector<std::uint8_t> png = png_of(picture, path);
  AtomicFile file(path);
  file.write(png.data(), png.size());
  file.commit();
}

}  // namespace nextframe
