#include "core/frames/preprocessing.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/error.h"

namespace nextframe {
namespace {

/// The source pixels that one target pixel is made of: weights over first .. first + weights.size() - 1, sum 1.
struct Taps {
  std::int64_t first = 0;
  std::vector<float> weights;
};

std::vector<Taps> taps_for(std::int64_t from, std::int64_t to) {
  std::vector<Taps> taps(static_cast<std::size_t>(to));
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  for (std::int64_t i = 0; i < to; ++i) {
    Taps& tap = taps[static_cast<std::size_t>(i)];
    if (from > to) {
      const double start = static_cast<double>(i) * ratio, end = start + ratio;
      tap.first = static_cast<std::int64_t>(start);
      const std::int64_t last = std::min(from, static_cast<std::int64_t>(std::ceil(end - 1e-9)));
      for (std::int64_t s = tap.first; s < last; ++s) {
        const double cover = std::min(end, static_cast<double>(s + 1)) - std::max(start, static_cast<double>(s));
        tap.weights.push_back(static_cast<float>(cover / ratio));
      }
    } else {
      const double centre =
          std::clamp((static_cast<double>(i) + 0.5) * ratio - 0.5, 0.0, static_cast<double>(from - 1));
      tap.first = static_cast<std::int64_t>(centre);
      const auto second = static_cast<float>(centre - static_cast<double>(tap.first));
      tap.weights = second > 0 ? std::vector<float>{1 - second, second} : std::vector<float>{1};
    }
  }
  return taps;
}

/// [rows,W,C] -> [rows,to,C]
std::vector<float> resize_width(const std::vector<float>& pixels, std::int64_t rows, std::int64_t from, std::int64_t to,
                                std::int64_t channels) {
  const std::vector<Taps> taps = taps_for(from, to);
  std::vector<float> result(static_cast<std::size_t>(rows * to * channels), 0.0F);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* source = pixels.data() + row * from * channels;
    float* target = result.data() + row * to * channels;
    for (const Taps& tap : taps) {
      const float* at = source + tap.first * channels;
      if (channels == 1) {
        float sum = 0;
        for (const float weight : tap.weights) sum += weight * *at++;
        *target++ = sum;
        continue;
      }
      for (const float weight : tap.weights) {
        for (std::int64_t c = 0; c < channels; ++c) target[c] += weight * *at++;
      }
      target += channels;
    }
  }
  return result;
}

/// [H,row] -> [to,row]
std::vector<float> resize_height(const std::vector<float>& pixels, std::int64_t from, std::int64_t to,
                                 std::int64_t row) {
  std::vector<float> result(static_cast<std::size_t>(to * row), 0.0F);
  float* target = result.data();
  for (const Taps& tap : taps_for(from, to)) {
    const float* source = pixels.data() + tap.first * row;
    for (const float weight : tap.weights) {
      for (std::int64_t i = 0; i < row; ++i) target[i] += weight * *source++;
    }
    target += row;
  }
  return result;
}

std::vector<float> resize_plane(const std::vector<float>& pixels, std::int64_t height, std::int64_t width,
                                std::int64_t channels, std::int64_t to_height, std::int64_t to_width) {
  const std::vector<float> narrowed = resize_width(pixels, height, width, to_width, channels);
  return resize_height(narrowed, height, to_height, to_width * channels);
}

void to_grey(Frame& frame) {
  if (frame.channels == 1) return;
  const float* source = frame.pixels.data();
  for (std::int64_t i = 0; i < frame.area(); ++i, source += frame.channels) {
    frame.pixels[static_cast<std::size_t>(i)] = 0.299F * source[0] + 0.587F * source[1] + 0.114F * source[2];
  }
  frame.channels = 1;
  frame.pixels.resize(frame.elements());
}

void to_color(Frame& frame) {
  if (frame.channels == 3) return;
  std::vector<float> pixels(static_cast<std::size_t>(frame.area() * 3));
  for (std::int64_t i = 0; i < frame.area(); ++i) {
    for (std::int64_t c = 0; c < 3; ++c) {
      pixels[static_cast<std::size_t>(3 * i + c)] =
          frame.pixels[static_cast<std::size_t>(i * frame.channels + (frame.channels == 1 ? 0 : c))];
    }
  }
  frame.channels = 3;
  frame.pixels = std::move(pixels);
}

}  // namespace

std::int64_t channels_after(const Preprocessing& preprocessing, std::int64_t channels, const std::string& name) {
  if (preprocessing.channels == ChannelMode::kSource) return channels;
  if (channels != 1 && channels != 3 && channels != 4) {
    reject(
        "[data.channels] {}: has {} channels, of which neither grey nor colour can be made; expected 1, 3 or 4, or "
        "data.channels \"source\"",
        name, channels);
  }
  return preprocessing.channels == ChannelMode::kGrey ? 1 : 3;
}

void to_rates(Frame& frame, const Measurement& measurement) {
  for (float& value : frame.pixels) value = static_cast<float>(measurement.to_rate(value));
}

void from_rates(Frame& frame, const RainScale& scale) {
  for (std::size_t i = 0; i < frame.pixels.size(); ++i) {
    const double rate = frame.pixels[i];
    if (scale.masks(rate)) {
      frame.mask.resize(static_cast<std::size_t>(frame.area()), 1);
      frame.mask[i / static_cast<std::size_t>(frame.channels)] = 0;
    }
    frame.pixels[i] = static_cast<float>(scale.from_rate(rate));
  }
}

SourceInfo info_after(const Preprocessing& preprocessing, const SourceInfo& source) {
  SourceInfo info = source;
  info.channels = channels_after(preprocessing, source.channels, source.name);
  if (preprocessing.size) info.height = (*preprocessing.size)[0], info.width = (*preprocessing.size)[1];
  if (const auto scale = rain_scale_for(preprocessing.rain, source.measurement, source.name)) {
    info.low = scale->low();
    info.high = scale->high();
  }
  return info;
}

void apply(const Preprocessing& preprocessing, Frame& frame, const SourceInfo& source) {
  channels_after(preprocessing, frame.channels, source.name);
  if (preprocessing.channels == ChannelMode::kGrey) to_grey(frame);
  if (preprocessing.channels == ChannelMode::kColor) to_color(frame);
  const auto scale = rain_scale_for(preprocessing.rain, source.measurement, source.name);
  if (scale) to_rates(frame, source.measurement);
  if (preprocessing.size) {
    const auto [height, width] = *preprocessing.size;
    if (height != frame.height || width != frame.width) frame = resized(frame, height, width);
  }
  if (scale) from_rates(frame, *scale);
}

Frame resized(const Frame& frame, std::int64_t height, std::int64_t width) {
  Frame result;
  result.height = height;
  result.width = width;
  result.channels = frame.channels;
  result.seconds = frame.seconds;
  result.name = frame.name;
  result.time = frame.time;
  result.problem = frame.problem;
  if (frame.mask.empty()) {
    result.pixels = resize_plane(frame.pixels, frame.height, frame.width, frame.channels, height, width);
    return result;
  }
  // With missing pixels: mean of value * valid over mean of valid.
  std::vector<float> valid(frame.mask.begin(), frame.mask.end());
  std::vector<float> weighted = frame.pixels;
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    if (frame.mask[i / static_cast<std::size_t>(frame.channels)] == 0) weighted[i] = 0;
  }
  result.pixels = resize_plane(weighted, frame.height, frame.width, frame.channels, height, width);
  valid = resize_plane(valid, frame.height, frame.width, 1, height, width);
  result.mask.resize(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    result.mask[i] = valid[i] > 1 - 1e-4F ? 1 : 0;
    for (std::size_t c = 0; c < static_cast<std::size_t>(frame.channels); ++c) {
      float& value = result.pixels[i * static_cast<std::size_t>(frame.channels) + c];
      value = valid[i] > 1e-6F ? value / valid[i] : 0;
    }
  }
  return result;
}

}  // namespace nextframe
