#include "core/render/rain_map.h"

#include <algorithm>

#include "core/render/drawing.h"
#include "core/render/rain_montage.h"

namespace nextframe {
namespace {

constexpr std::int64_t kMargin = 10;
constexpr std::int64_t kTitleHeight = 28;
constexpr std::int64_t kLeastFigure = 360;
constexpr Rgb kPaper{255, 255, 255};
constexpr Rgb kLine{150, 150, 150};

Picture fitted(const Picture& picture, std::int64_t most) {
  const std::int64_t longest = std::max(picture.height, picture.width);
  if (longest > most) {
    return shrunk(picture, std::max<std::int64_t>(1, picture.height * most / longest),
                  std::max<std::int64_t>(1, picture.width * most / longest));
  }
  return enlarged(picture, std::max<std::int64_t>(1, most / 2 / longest));
}

Picture sheet_of(const Picture& map, const Picture& legend, const std::string& text) {
  const TextStyle title{.height = 15, .weight = TextWeight::kBold};
  const std::int64_t width = std::max(map.width, legend.width);
  Picture sheet(kTitleHeight + map.height + legend.height + 2 * kMargin, width + 2 * kMargin, kPaper);
  draw_text(sheet, fitted_text(text, static_cast<int>(width), title), kMargin, kMargin + kTitleHeight / 2.0 - 4, title);
  paste(sheet, map, kMargin, kMargin + kTitleHeight);
  outline(sheet, kMargin, kMargin + kTitleHeight, map.width, map.height, kLine);
  paste(sheet, legend, kMargin, kMargin + kTitleHeight + map.height);
  return sheet;
}

}  // namespace

Picture draw_rain_map(const Frame& rates, const RainMapOptions& options) {
  const Appearance appearance{.range = {0, 1}, .colours = ColourMap::kRain};
  const Picture map = fitted(picture_of(rain_shown(rates), appearance), options.most_side);
  return sheet_of(map, rain_legend(map.width), options.title);
}

Picture draw_share_map(const Frame& shares, const RainMapOptions& options) {
  const Appearance appearance{.range = {0, 1}, .colours = ColourMap::kViridis};
  const Picture map = fitted(picture_of(shares, appearance), options.most_side);
  return sheet_of(map, share_legend(map.width), options.title);
}

Picture draw_rain_maps(const Frame& layers, const std::vector<std::string>& titles) {
  std::vector<Picture> maps;
  std::int64_t width = 0;
  for (std::int64_t channel = 0; channel < layers.channels; ++channel) {
    Frame one = layers;
    one.channels = 1;
    one.pixels.resize(static_cast<std::size_t>(layers.area()));
    for (std::size_t i = 0; i < one.pixels.size(); ++i) {
      one.pixels[i] = layers.pixels[i * static_cast<std::size_t>(layers.channels) + static_cast<std::size_t>(channel)];
    }
    const RainMapOptions options{.title = titles.at(static_cast<std::size_t>(channel))};
    maps.push_back(channel == 0 ? draw_rain_map(one, options) : draw_share_map(one, options));
    width += maps.back().width;
  }
  Picture all(maps.front().height, width, kPaper);
  std::int64_t x = 0;
  for (const Picture& map : maps) {
    paste(all, map, x, 0);
    x += map.width;
  }
  return all;
}

Picture draw_beside(const Picture& map, Figure figure) {
  figure.height = std::max(map.height, kLeastFigure);
  const Picture plot = draw_figure(figure);
  Picture sheet(plot.height, map.width + plot.width, kPaper);
  paste(sheet, map, 0, 0);
  paste(sheet, plot, map.width, 0);
  return sheet;
}

}  // namespace nextframe
