#include "core/render/rain_map.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/render/drawing.h"

namespace nextframe {
namespace {

constexpr std::array<double, 10> kClasses{0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100};
constexpr std::int64_t kMargin = 10;
constexpr std::int64_t kTitleHeight = 28;
constexpr std::int64_t kLegendWidth = 78;
constexpr std::int64_t kSwatch = 16;
constexpr Rgb kPaper{255, 255, 255};
constexpr Rgb kLine{150, 150, 150};

/// The number of the class of a rate, from 1; 0 below the first.
std::size_t class_of(double rate) {
  return static_cast<std::size_t>(std::upper_bound(kClasses.begin(), kClasses.end(), rate) - kClasses.begin());
}

Rgb class_colour(std::size_t number) {
  return colour(ColourMap::kRain, static_cast<double>(number) / static_cast<double>(kClasses.size()));
}

Picture coloured(const Frame& rates) {
  Picture picture(rates.height, rates.width, kPaper);
  const Rgb missing = missing_colour(ColourMap::kRain);
  for (std::size_t i = 0; i < static_cast<std::size_t>(rates.area()); ++i) {
    const bool valid = rates.mask.empty() || rates.mask[i] != 0;
    const Rgb shown = valid ? rain_colour(rates.pixels[i]) : missing;
    picture.rgb[3 * i] = shown.red;
    picture.rgb[3 * i + 1] = shown.green;
    picture.rgb[3 * i + 2] = shown.blue;
  }
  return picture;
}

Picture fitted(const Picture& picture, std::int64_t most) {
  const std::int64_t longest = std::max(picture.height, picture.width);
  if (longest > most) {
    return shrunk(picture, std::max<std::int64_t>(1, picture.height * most / longest),
                  std::max<std::int64_t>(1, picture.width * most / longest));
  }
  return enlarged(picture, std::max<std::int64_t>(1, most / 2 / longest));
}

void draw_legend(Picture& sheet, std::int64_t x, std::int64_t y) {
  const TextStyle style{.height = 12};
  draw_text(sheet, "mm/h", static_cast<double>(x), static_cast<double>(y + 6), style);
  y += 18;
  const auto row = [&](Rgb fill, const std::string& label) {
    paste(sheet, Picture(kSwatch, kSwatch, fill), x, y);
    outline(sheet, x, y, kSwatch, kSwatch, kLine);
    draw_text(sheet, label, static_cast<double>(x + kSwatch + 6), static_cast<double>(y + kSwatch / 2), style);
    y += kSwatch + 2;
  };
  for (std::size_t number = kClasses.size(); number > 0; --number) {
    row(class_colour(number), format(">= {:g}", kClasses[number - 1]));
  }
  row(kPaper, "dry");
  row(missing_colour(ColourMap::kRain), "missing");
}

}  // namespace

Rgb rain_colour(double rate) { return rate > 0 ? class_colour(class_of(rate)) : kPaper; }

Picture draw_rain_map(const Frame& rates, const RainMapOptions& options) {
  if (rates.channels != 1) fail("[render] a map of rain with {} channels, expected one", rates.channels);
  const Picture map = fitted(coloured(rates), options.most_side);
  const std::int64_t legend_height = 18 + (kSwatch + 2) * static_cast<std::int64_t>(kClasses.size() + 2);
  const TextStyle title{.height = 15, .weight = TextWeight::kBold};
  const std::int64_t width =
      std::max<std::int64_t>(map.width + kLegendWidth + kMargin, text_width(options.title, title));
  Picture sheet(std::max(map.height, legend_height) + kTitleHeight + 2 * kMargin, width + 2 * kMargin, kPaper);
  draw_text(sheet, options.title, kMargin, kMargin + kTitleHeight / 2.0 - 4, title);
  paste(sheet, map, kMargin, kMargin + kTitleHeight);
  outline(sheet, kMargin, kMargin + kTitleHeight, map.width, map.height, kLine);
  draw_legend(sheet, 2 * kMargin + map.width, kMargin + kTitleHeight);
  return sheet;
}

Picture draw_rain_overview(const Picture& map, Figure figure) {
  figure.height = std::max<std::int64_t>(map.height, 360);
  const Picture plot = draw_figure(figure);
  Picture sheet(std::max(map.height, plot.height), map.width + plot.width, kPaper);
  paste(sheet, map, 0, 0);
  paste(sheet, plot, map.width, 0);
  return sheet;
}

}  // namespace nextframe
