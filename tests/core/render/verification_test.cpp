#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/render/rain_montage.h"
#include "core/render/verification_figures.h"

namespace nextframe {
namespace {

std::size_t count_of(const Picture& picture, Rgb wanted) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
    if (Rgb{picture.rgb[i], picture.rgb[i + 1], picture.rgb[i + 2]} == wanted) ++count;
  }
  return count;
}

Frame frame_of(std::int64_t height, std::int64_t width, std::vector<float> pixels) {
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = 1;
  frame.pixels = std::move(pixels);
  return frame;
}

TEST(RainMontage, RatesStandInTheirOrder) {
  EXPECT_EQ(rain_position(0), 0);
  EXPECT_EQ(rain_position(0.0999), 0);
  EXPECT_EQ(rain_position(std::nan("")), 0);
  EXPECT_DOUBLE_EQ(rain_position(0.1), 1.0 / 11);
  EXPECT_DOUBLE_EQ(rain_position(1), 4.0 / 11);
  EXPECT_DOUBLE_EQ(rain_position(std::sqrt(0.5)), 3.5 / 11);
  EXPECT_DOUBLE_EQ(rain_position(100), 10.0 / 11);
  EXPECT_EQ(rain_position(1e6), 1);
  double before = -1;
  for (double rate = 0.09; rate < 300; rate *= 1.1) {
    EXPECT_GE(rain_position(rate), before);
    before = rain_position(rate);
  }
}

TEST(RainMontage, MissingPixelsStayMissing) {
  Frame frame = frame_of(1, 3, {0, 5, 5});
  frame.mask = {1, 1, 0};
  const Picture picture = picture_of(rain_shown(frame), {.range = {0, 1}, .colours = ColourMap::kRain});
  EXPECT_EQ(count_of(picture, missing_colour(ColourMap::kRain)), 1U);
  EXPECT_EQ(count_of(picture, {255, 255, 255}), 1U);
}

TEST(RainMontage, MontageHasALegendForRatesAndOneForErrors) {
  const Frame rain = frame_of(40, 50, std::vector<float>(2000, 3));
  const MontageRow truth{"truth", RowKind::kTruth, {rain, rain}};
  MontageRow error{"error", RowKind::kDifference, {rain, rain}};
  const MontageOptions options{.title = "rain", .lead_labels = {"+5 min", "+10 min"}};
  const Picture without = draw_rain_montage({truth}, options);
  const Picture with = draw_rain_montage({truth, error}, options);
  EXPECT_EQ(rain_legend(600).width, 600);
  EXPECT_EQ(difference_legend(600, 5, "mm/h").width, 600);
  EXPECT_GT(with.height, without.height + rain_legend(600).height);
  EXPECT_GT(count_of(without, colour(ColourMap::kRain, rain_position(3))), 2U * 1000);
  // The legend has the colours that the frames do not.
  EXPECT_GT(count_of(without, colour(ColourMap::kRain, 1)), 5U);
}

/// Pixels of a line's colour.
std::size_t drawn(const Figure& figure, int line) { return count_of(draw_figure(figure), line_colour(line)); }

TEST(VerificationFigures, DrawEveryForecaster) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<DiagramPanel> panels{
      {.title = "at least 1 mm/h",
       .lines = {{"model", {0.2, 0.4, none}, {0.5, 0.6, none}}, {"persistence", {0.7, 0.8}, {0.2, 0.3}}}},
      {.title = "never", .lines = {{"model", {none}, {none}}, {"persistence", {}, {}}}}};
  for (const Figure& figure :
       {performance_diagram("a", panels), reliability_diagram("b", panels), power_spectra("c", "wavelength", panels)}) {
    EXPECT_EQ(figure.panels.size(), 2U);
    EXPECT_GT(drawn(figure, 0), 20U);
  }
  EXPECT_GT(drawn(performance_diagram("a", panels), 1), 20U);
}

TEST(VerificationFigures, CsiIsEqualAlongItsLines) {
  const Figure figure = performance_diagram("a", {{.title = "", .lines = {}}});
  const Series& line = figure.panels[0].series[2];  // CSI 0.3
  for (std::size_t i = 0; i < line.x.size(); ++i) {
    EXPECT_NEAR(1 / (1 / line.x[i] + 1 / line.y[i] - 1), 0.3, 1e-9);
  }
}

}  // namespace
}  // namespace nextframe
