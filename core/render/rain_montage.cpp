#include "core/render/rain_montage.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/format.h"
#include "core/render/drawing.h"

namespace nextframe {
namespace {

constexpr std::array<double, 10> kLimits{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100};
/// White stands before the first limit, one step of colours behind the last.
constexpr double kStep = 1.0 / (kLimits.size() + 1);
constexpr std::int64_t kBarHeight = 14;
constexpr std::int64_t kLegendHeight = 44;
constexpr std::int64_t kSide = 36;
constexpr Rgb kPaper{255, 255, 255};
constexpr Rgb kLine{150, 150, 150};

TextStyle label_style() { return {.height = 12, .horizontal = HorizontalAlign::kCentre}; }

/// A bar with a colour for each place of 0..1; `mark` writes below it.
class Bar {
 public:
  Bar(std::int64_t width, ColourMap map) : picture_(kLegendHeight, width, kPaper), length_(width - 2 * kSide) {
    for (std::int64_t x = 0; x < length_; ++x) {
      const Rgb c = colour(map, static_cast<double>(x) / static_cast<double>(std::max<std::int64_t>(1, length_ - 1)));
      for (std::int64_t y = 0; y < kBarHeight; ++y) {
        std::uint8_t* pixel = picture_.rgb.data() + ((y + 6) * width + kSide + x) * 3;
        pixel[0] = c.red;
        pixel[1] = c.green;
        pixel[2] = c.blue;
      }
    }
    outline(picture_, kSide, 6, length_, kBarHeight, kLine);
  }

  void mark(double position, const std::string& text) {
    draw_text(picture_, text, static_cast<double>(kSide) + position * static_cast<double>(length_), kBarHeight + 16,
              label_style());
  }
  Picture take() { return std::move(picture_); }

 private:
  Picture picture_;
  std::int64_t length_;
};

std::int64_t legend_width(std::int64_t width) { return std::max<std::int64_t>(width, 460); }

Picture stacked(const std::vector<Picture>& pictures) {
  std::int64_t height = 0, width = 0;
  for (const Picture& picture : pictures) {
    height += picture.height;
    width = std::max(width, picture.width);
  }
  Picture all(height, width, kPaper);
  std::int64_t y = 0;
  for (const Picture& picture : pictures) {
    paste(all, picture, 0, y);
    y += picture.height;
  }
  return all;
}

}  // namespace

double rain_position(double rate) {
  if (!(rate >= kLimits.front())) return 0;
  for (std::size_t i = 1; i < kLimits.size(); ++i) {
    if (rate >= kLimits[i]) continue;
    const double share = std::log(rate / kLimits[i - 1]) / std::log(kLimits[i] / kLimits[i - 1]);
    return kStep * (static_cast<double>(i) + share);
  }
  return std::min(1.0, kStep * (static_cast<double>(kLimits.size()) + std::log2(rate / kLimits.back())));
}

Frame rain_shown(const Frame& rates) {
  Frame shown = rates;
  shown.channels = 1;
  shown.pixels.resize(static_cast<std::size_t>(rates.area()));
  for (std::size_t i = 0; i < shown.pixels.size(); ++i) {
    const float rate = rates.pixels[i * static_cast<std::size_t>(rates.channels)];
    shown.pixels[i] = std::isnan(rate) ? rate : static_cast<float>(rain_position(rate));
  }
  return shown;
}

Picture rain_legend(std::int64_t width) {
  Bar bar(legend_width(width), ColourMap::kRain);
  for (std::size_t i = 0; i < kLimits.size(); ++i) {
    bar.mark(kStep * static_cast<double>(i + 1), format("{:g}", kLimits[i]));
  }
  bar.mark(1, "mm/h");
  return bar.take();
}

Picture share_legend(std::int64_t width) {
  Bar bar(legend_width(width), ColourMap::kViridis);
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) bar.mark(share, format("{:g}", share));
  return bar.take();
}

Picture difference_legend(std::int64_t width, double largest, const std::string& units) {
  Bar bar(legend_width(width), ColourMap::kDifference);
  for (const double part : {-1.0, -0.5, 0.0, 0.5}) bar.mark((part + 1) / 2, format("{:+g}", part * largest));
  bar.mark(1, format("{:+g} {}", largest, units));
  return bar.take();
}

Picture draw_rain_montage(const std::vector<MontageRow>& rows, MontageOptions options) {
  options.appearance = {.range = {0, 1}, .colours = ColourMap::kRain};
  if (options.largest_difference <= 0) options.largest_difference = kLargestRainDifference;
  std::vector<MontageRow> shown = rows;
  bool any_difference = false;
  for (MontageRow& row : shown) {
    any_difference = any_difference || row.kind == RowKind::kDifference;
    if (row.kind == RowKind::kDifference) continue;
    for (Frame& frame : row.frames) frame = rain_shown(frame);
  }
  std::vector<Picture> pictures{draw_montage(shown, options)};
  const std::int64_t width = std::min<std::int64_t>(pictures.front().width, 760);
  pictures.push_back(rain_legend(width));
  if (any_difference) pictures.push_back(difference_legend(width, options.largest_difference, "mm/h"));
  return stacked(pictures);
}

}  // namespace nextframe
