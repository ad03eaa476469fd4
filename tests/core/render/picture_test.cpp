#include "core/render/picture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "core/base/error.h"
#include "core/render/axis.h"
#include "core/render/montage.h"
#include "core/render/plot.h"
#include "core/render/side_by_side.h"
#include "tests/core/render/read_back.h"

namespace nextframe {
namespace {

using testing::filled_frame;
using testing::random_frame;
using testing::ScratchFolder;

Rgb pixel_at(const Picture& picture, std::int64_t y, std::int64_t x) {
  const std::uint8_t* p = picture.rgb.data() + (y * picture.width + x) * 3;
  return {p[0], p[1], p[2]};
}

std::size_t count_of(const Picture& picture, Rgb wanted) {
  std::size_t count = 0;
  for (std::int64_t y = 0; y < picture.height; ++y) {
    for (std::int64_t x = 0; x < picture.width; ++x) count += pixel_at(picture, y, x) == wanted ? 1 : 0;
  }
  return count;
}

double brightness(Rgb c) { return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue; }

TEST(ColourMap, EndsAndOrder) {
  EXPECT_EQ(colour(ColourMap::kGrey, 0), (Rgb{0, 0, 0}));
  EXPECT_EQ(colour(ColourMap::kGrey, 0.5), (Rgb{128, 128, 128}));
  EXPECT_EQ(colour(ColourMap::kGrey, 7), (Rgb{255, 255, 255}));
  EXPECT_EQ(colour(ColourMap::kViridis, -1), (Rgb{0x44, 0x01, 0x54}));
  EXPECT_EQ(colour(ColourMap::kViridis, std::nan("")), (Rgb{0x44, 0x01, 0x54}));
  EXPECT_EQ(colour(ColourMap::kRain, 0), (Rgb{255, 255, 255}));
  EXPECT_EQ(colour(ColourMap::kDifference, 0.5), (Rgb{255, 255, 255}));
  for (int i = 1; i <= 200; ++i) {
    EXPECT_GT(brightness(colour(ColourMap::kViridis, i / 200.0)),
              brightness(colour(ColourMap::kViridis, (i - 1) / 200.0)));
  }
  EXPECT_GT(colour(ColourMap::kDifference, 0.8).red, colour(ColourMap::kDifference, 0.8).blue);
  EXPECT_GT(colour(ColourMap::kDifference, 0.2).blue, colour(ColourMap::kDifference, 0.2).red);
}

TEST(ColourMap, MissingIsNoColourOfTheMap) {
  for (const ColourMap map : {ColourMap::kGrey, ColourMap::kViridis, ColourMap::kRain, ColourMap::kDifference}) {
    for (int i = 0; i <= 1000; ++i) EXPECT_FALSE(colour(map, i / 1000.0) == missing_colour(map));
  }
}

TEST(PictureOf, GreyColourAndMissing) {
  Frame frame = filled_frame(1, 4, {0});
  frame.pixels = {0, 5, 10, std::nanf("")};
  frame.mask = {1, 1, 0, 1};
  const Appearance appearance{.range = {0, 10}};
  const Picture picture = picture_of(frame, appearance);
  EXPECT_EQ(pixel_at(picture, 0, 0), (Rgb{0, 0, 0}));
  EXPECT_EQ(pixel_at(picture, 0, 1), (Rgb{128, 128, 128}));
  EXPECT_EQ(pixel_at(picture, 0, 2), missing_colour(ColourMap::kGrey));
  EXPECT_EQ(pixel_at(picture, 0, 3), missing_colour(ColourMap::kGrey));
  const Picture coloured = picture_of(filled_frame(1, 1, {10, 2, 0}), {.range = {0, 10}, .colours = ColourMap::kRain});
  EXPECT_EQ(pixel_at(coloured, 0, 0), (Rgb{255, 51, 0}));
}

TEST(PictureOf, DifferenceIsRedWhereTheFirstIsLarger) {
  const Picture picture = difference_picture(filled_frame(1, 1, {30, 10}), filled_frame(1, 1, {10, 10}), 10);
  EXPECT_EQ(pixel_at(picture, 0, 0), colour(ColourMap::kDifference, 1));
  const Picture zero = difference_picture(filled_frame(1, 1, {3}), filled_frame(1, 1, {3}), 10);
  EXPECT_EQ(pixel_at(zero, 0, 0), (Rgb{255, 255, 255}));
  EXPECT_THROW(difference_picture(filled_frame(1, 1, {3}), filled_frame(1, 2, {3}), 10), Error);
}

TEST(PictureOf, EnlargingRepeatsPixels) {
  const Picture small = picture_of(random_frame(3, 4, 3, 255, 1), {});
  const Picture large = enlarged(small, 5);
  ASSERT_EQ(large.height, 15);
  ASSERT_EQ(large.width, 20);
  for (std::int64_t y = 0; y < 15; ++y) {
    for (std::int64_t x = 0; x < 20; ++x) EXPECT_EQ(pixel_at(large, y, x), pixel_at(small, y / 5, x / 5));
  }
  EXPECT_EQ(legible_factor(20, 50, 64), 4);
  EXPECT_EQ(legible_factor(100, 200, 64), 1);
}

TEST(WritePng, ReadsBack) {
  const ScratchFolder folder;
  const Picture picture = picture_of(random_frame(7, 9, 3, 255, 2), {});
  write_png(folder / "a.png", picture);
  const cv::Mat image = cv::imread(folder / "a.png", cv::IMREAD_COLOR);
  ASSERT_EQ(image.size(), cv::Size(9, 7));
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 9; ++x) {
      const cv::Vec3b bgr = image.at<cv::Vec3b>(y, x);
      EXPECT_EQ(pixel_at(picture, y, x), (Rgb{bgr[2], bgr[1], bgr[0]}));
    }
  }
  EXPECT_EQ(folder.names().size(), 1U);
  EXPECT_THROW(write_png(folder / "absent/a.png", picture), Error);
}

MontageRow row_of(const char* label, RowKind kind, int frames, float value) {
  MontageRow row{.label = label, .kind = kind};
  for (int i = 0; i < frames; ++i) row.frames.push_back(filled_frame(16, 24, {value}));
  return row;
}

TEST(Montage, HoldsEveryFrameEnlarged) {
  const std::vector<MontageRow> rows{
      row_of("context", RowKind::kContext, 3, 51), row_of("truth", RowKind::kTruth, 4, 102),
      row_of("forecast", RowKind::kForecast, 4, 153), row_of("difference", RowKind::kDifference, 4, 51)};
  const Picture sheet = draw_montage(rows, {.title = "a title", .least_side = 64});
  // 16 rows become 64: four times as large in both directions.
  const std::size_t cell = 64 * 96;
  EXPECT_EQ(count_of(sheet, {51, 51, 51}) / cell, 3U);
  EXPECT_EQ(count_of(sheet, {102, 102, 102}) / cell, 4U);
  EXPECT_EQ(count_of(sheet, {153, 153, 153}) / cell, 4U);
  EXPECT_EQ(count_of(sheet, colour(ColourMap::kDifference, 0.5 + 0.2)), 4 * cell);
}

TEST(Montage, ThinsLongRowsAndShrinksLargeFrames) {
  MontageRow row{.label = "forecast", .kind = RowKind::kForecast};
  for (int i = 0; i < 50; ++i) row.frames.push_back(filled_frame(300, 600, {static_cast<float>(i)}));
  const Picture sheet = draw_montage(std::vector<MontageRow>{row}, {.most_side = 50, .most_columns = 5});
  EXPECT_LT(sheet.width, 5 * 60 + 150);
  for (const std::uint8_t level : {0, 12, 24, 36, 49}) EXPECT_GE(count_of(sheet, {level, level, level}), 25U * 50U);
  EXPECT_THROW(draw_montage({}, {}), Error);
}

TEST(Montage, DifferenceJoinsTheMasks) {
  Frame forecast = filled_frame(1, 3, {5}), truth = filled_frame(1, 3, {3});
  truth.mask = {1, 0, 1};
  const Frame result = difference(forecast, truth);
  EXPECT_EQ(result.pixels, (std::vector<float>{2, 2, 2}));
  EXPECT_EQ(result.mask, truth.mask);
}

std::vector<std::string> labels_of(const Axis& axis, int wanted) {
  std::vector<std::string> labels;
  for (const Tick& tick : axis.ticks(wanted)) {
    if (!tick.label.empty()) labels.push_back(tick.label);
  }
  return labels;
}

TEST(Axis, TicksAreRoundNumbers) {
  using Labels = std::vector<std::string>;
  EXPECT_EQ(labels_of(Axis(AxisScale::kLinear, 0, 1), 5), (Labels{"0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLinear, -0.3, 21000), 4), (Labels{"0", "10k", "20k"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLinear, 21.4, 24.1), 6),
            (Labels{"21.5", "22.0", "22.5", "23.0", "23.5", "24.0"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLinear, 84, 181), 4), (Labels{"100", "120", "140", "160", "180"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLinear, -1, 1), 2), (Labels{"-1", "0", "1"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLogarithmic, 0.005, 1200), 6),
            (Labels{"0.01", "0.1", "1", "10", "100", "1000"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLogarithmic, 0.9, 11), 6), (Labels{"1", "2", "5", "10"}));
  EXPECT_EQ(labels_of(Axis(AxisScale::kLogarithmic, 2, 3), 5), (Labels{"2.0", "2.2", "2.4", "2.6", "2.8", "3.0"}));
}

TEST(Axis, SpansWhatCanBeShown) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Axis axis = Axis::around(AxisScale::kLogarithmic, std::vector<double>{-1, 0, 2, 8, infinity, std::nan("")}, 0);
  EXPECT_DOUBLE_EQ(axis.low(), 2);
  EXPECT_DOUBLE_EQ(axis.high(), 8);
  EXPECT_NEAR(axis.position(4), 0.5, 1e-12);
  const Axis constant = Axis::around(AxisScale::kLinear, std::vector<double>{5, 5}, 0.1);
  EXPECT_LT(constant.low(), 5);
  EXPECT_GT(constant.high(), 5);
  const Axis nothing = Axis::around(AxisScale::kLinear, {}, 0.1);
  EXPECT_LT(nothing.low(), nothing.high());
}

TEST(Plot, DrawsLinesWhereTheValuesAre) {
  Figure figure{.width = 400, .height = 300};
  Panel panel;
  panel.series.push_back({.x = {0, 1}, .y = {0, 1}});
  panel.y_range = {{0, 1}};
  figure.panels.push_back(panel);
  const Picture rising = draw_figure(figure);
  ASSERT_EQ(rising.width, 400);
  ASSERT_EQ(rising.height, 300);
  // The line rises: its pixels on the left are lower than those on the right.
  double left = 0, right = 0, left_count = 0, right_count = 0;
  for (std::int64_t y = 0; y < rising.height; ++y) {
    for (std::int64_t x = 0; x < rising.width; ++x) {
      if (!(pixel_at(rising, y, x) == line_colour(0))) continue;
      (x < 200 ? left : right) += static_cast<double>(y);
      ++(x < 200 ? left_count : right_count);
    }
  }
  ASSERT_GT(left_count, 20);
  ASSERT_GT(right_count, 20);
  EXPECT_GT(left / left_count, right / right_count + 50);
}

TEST(Plot, SurvivesEmptyConstantAndBrokenSeries) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  TrainingHistory history{.title = "broken"};
  EXPECT_NO_THROW(draw_figure(training_curves(history)));
  history.steps = {1, 2, 3, 4};
  history.losses = {nan, infinity, -1, 0};
  EXPECT_NO_THROW(draw_figure(training_curves(history)));
  history.losses = {5, 5, 5, 5};
  history.scores.push_back({.name = "psnr (dB)", .steps = {2}, .values = {infinity}, .baseline = 20});
  EXPECT_NO_THROW(draw_figure(training_curves(history)));
  EXPECT_NO_THROW(
      draw_figure(scores_by_lead_time("", {{.score = "mse", .lines = {{.forecaster = "m", .values = {}}}}})));
  EXPECT_THROW(draw_figure({}), Error);
  Figure uneven;
  uneven.panels.push_back({.series = {{.x = {1, 2}, .y = {1}}}});
  EXPECT_THROW(draw_figure(uneven), Error);
}

TEST(Plot, ScoresByLeadTimeCountInFramesOrTime) {
  const std::vector<LeadTimePanel> panels{{.score = "mse", .lines = {{.forecaster = "model", .values = {1, 2, 3}}}}};
  EXPECT_EQ(scores_by_lead_time("", panels).panels[0].series[0].x, (std::vector<double>{1, 2, 3}));
  const Figure timed = scores_by_lead_time("", panels, 300);
  EXPECT_EQ(timed.panels[0].series[0].x, (std::vector<double>{5, 10, 15}));
  EXPECT_EQ(timed.panels[0].x_label, "lead time (min)");
}

TEST(SideBySide, ShowsThePanesAndKeepsOneEvenSize) {
  const SideBySide sheet({.height = 33, .width = 45, .truth = TruthPane::kShown, .least_side = 64});
  const Frame last = filled_frame(33, 45, {51}), truth = filled_frame(33, 45, {102}),
              predicted = filled_frame(33, 45, {153});
  const Frame input = sheet.input(last, -3), forecast = sheet.forecast(last, &truth, predicted, 5, 0.5);
  for (const Frame* frame : {&input, &forecast}) {
    EXPECT_EQ(frame->height, sheet.height());
    EXPECT_EQ(frame->width, sheet.width());
    EXPECT_EQ(frame->channels, 3);
    EXPECT_EQ(frame->height % 2, 0);
    EXPECT_EQ(frame->width % 2, 0);
  }
  const auto pixels_of = [](const Frame& frame, float level) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < frame.pixels.size(); i += 3) {
      count += frame.pixels[i] == level && frame.pixels[i + 1] == level && frame.pixels[i + 2] == level ? 1 : 0;
    }
    return count;
  };
  const std::int64_t pane = 66 * 90;
  EXPECT_GE(pixels_of(input, 51), pane);
  EXPECT_LT(pixels_of(input, 153), pane);
  EXPECT_GE(pixels_of(forecast, 51), pane);
  EXPECT_GE(pixels_of(forecast, 102), pane);
  EXPECT_GE(pixels_of(forecast, 153), pane);
  EXPECT_THROW(sheet.input(filled_frame(33, 46, {1}), 0), Error);
}

}  // namespace
}  // namespace nextframe
