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

}  // namespace

Picture draw_rain_map(const Frame& rates, const RainMapOptions& options) {
  const Appearance appearance{.range = {0, 1}, .colours = ColourMap::kRain};
  const Picture map = fitted(picture_of(rain_shown(rates), appearance), options.most_side);
  const Picture legend = rain_legend(map.width);
  const TextStyle title{.height = 15, .weight = TextWeight::kBold};
  const std::int64_t width =
      std::max({map.width, legend.width, static_cast<std::int64_t>(text_width(options.title, title))});
  Picture sheet(kTitleHeight + map.height + legend.height + 2 * kMargin, width + 2 * kMargin, kPaper);
  draw_text(sheet, options.title, kMargin, kMargin + kTitleHeight / 2.0 - 4, title);
  paste(sheet, map, kMargin, kMargin + kTitleHeight);
  outline(sheet, kMargin, kMargin + kTitleHeight, map.width, map.height, kLine);
  paste(sheet, legend, kMargin, kMargin + kTitleHeight + map.height);
  return sheet;
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
