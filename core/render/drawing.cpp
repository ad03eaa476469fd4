#include "core/render/drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr int kOversampling = 4;
constexpr double kCapitals = 21;  // height of OpenCV's capital letters at scale 1, in pixels

std::string printable(const std::string& text) {
  std::string result = text;
  for (char& c : result) {
    if (c < 32 || c > 126) c = '?';
  }
  return result;
}

struct Letters {
  double scale = 1;   ///< OpenCV's, at kOversampling times the size
  int thickness = 1;  ///< likewise
};

Letters letters_of(const TextStyle& style) {
  const double capitals = style.height / 1.4 * kOversampling;
  const double stroke = style.weight == TextWeight::kBold ? 0.155 : 0.115;
  return {capitals / kCapitals, std::max(1, static_cast<int>(std::lround(capitals * stroke)))};
}

/// The text in white on black, kOversampling times as large, with a margin for strokes and descenders.
cv::Mat text_mask(const std::string& text, const TextStyle& style) {
  const Letters letters = letters_of(style);
  int below = 0;
  const cv::Size size = cv::getTextSize(text, kFont, letters.scale, letters.thickness, &below);
  const int capitals = static_cast<int>(std::lround(kCapitals * letters.scale));
  const int margin = capitals / 2;
  const auto whole = [](int n) { return (n + kOversampling - 1) / kOversampling * kOversampling; };
  cv::Mat mask(whole(capitals + 2 * margin), whole(size.width), CV_8U, cv::Scalar(0));
  cv::putText(mask, text, {0, margin + capitals}, kFont, letters.scale, cv::Scalar(255), letters.thickness,
              cv::LINE_AA);
  return mask;
}

}  // namespace

int text_width(const std::string& text, const TextStyle& style) {
  const Letters letters = letters_of(style);
  int below = 0;
  const int width = cv::getTextSize(printable(text), kFont, letters.scale, letters.thickness, &below).width;
  return (width + kOversampling - 1) / kOversampling;
}

void draw_text(Picture& picture, const std::string& text, double x, double y, const TextStyle& style) {
  if (text.empty()) return;
  cv::Mat mask = text_mask(printable(text), style);
  // The margin above and below the capital letters is a half of them each: they fill the middle half.
  const double shift_x = style.horizontal == HorizontalAlign::kLeft    ? 0
                         : style.horizontal == HorizontalAlign::kRight ? 1
                                                                       : 0.5;
  const double shift_y = style.vertical == VerticalAlign::kTop      ? 0.25
                         : style.vertical == VerticalAlign::kBottom ? 0.75
                                                                    : 0.5;
  const bool upwards = style.direction == TextDirection::kUpwards;
  if (upwards) cv::rotate(mask, mask, cv::ROTATE_90_COUNTERCLOCKWISE);
  cv::Mat alpha;
  cv::resize(mask, alpha, {mask.cols / kOversampling, mask.rows / kOversampling}, 0, 0, cv::INTER_AREA);
  const int left = static_cast<int>(std::lround(x - alpha.cols * (upwards ? shift_y : shift_x)));
  const int top = static_cast<int>(std::lround(y - alpha.rows * (upwards ? 1 - shift_x : shift_y)));
  const std::array<int, 3> ink{style.colour.red, style.colour.green, style.colour.blue};
  for (int row = std::max(0, -top); row < alpha.rows && top + row < picture.height; ++row) {
    const std::uint8_t* cover = alpha.ptr<std::uint8_t>(row);
    for (int column = std::max(0, -left); column < alpha.cols && left + column < picture.width; ++column) {
      if (cover[column] == 0) continue;
      std::uint8_t* pixel = picture.rgb.data() + ((top + row) * picture.width + left + column) * 3;
      for (std::size_t c = 0; c < 3; ++c) {
        pixel[c] = static_cast<std::uint8_t>((ink[c] * cover[column] + pixel[c] * (255 - cover[column]) + 127) / 255);
      }
    }
  }
}

std::string fitted_text(const std::string& text, int width, const TextStyle& style) {
  if (text_width(text, style) <= width) return text;
  std::string shorter = text;
  while (!shorter.empty() && text_width(shorter + "..", style) > width) shorter.pop_back();
  return shorter + "..";
}

void paste(Picture& onto, const Picture& from, std::int64_t x, std::int64_t y) {
  if (x < 0 || y < 0 || x + from.width > onto.width || y + from.height > onto.height) {
    fail("[render] a picture of {} x {} at {}, {} does not fit into {} x {}", from.width, from.height, x, y, onto.width,
         onto.height);
  }
  for (std::int64_t row = 0; row < from.height; ++row) {
    std::copy_n(from.rgb.data() + row * from.width * 3, from.width * 3,
                onto.rgb.data() + ((y + row) * onto.width + x) * 3);
  }
}

void outline(Picture& picture, std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height, Rgb colour) {
  cv::Mat view = view_of(picture);
  cv::rectangle(view,
                cv::Rect(static_cast<int>(x) - 1, static_cast<int>(y) - 1, static_cast<int>(width) + 2,
                         static_cast<int>(height) + 2),
                scalar_of(colour), 1);
}

Picture shrunk(const Picture& picture, std::int64_t height, std::int64_t width) {
  Picture source = picture, result(height, width, {});
  cv::Mat to = view_of(result);
  cv::resize(view_of(source), to, to.size(), 0, 0, cv::INTER_AREA);
  return result;
}

}  // namespace nextframe
