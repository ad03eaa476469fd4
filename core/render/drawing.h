#pragma once

#include <opencv2/core.hpp>

#include <string>

#include "core/render/picture.h"

namespace nextframe {

/// A view of the picture as OpenCV sees it; channels stay red, green, blue.
inline cv::Mat view_of(Picture& picture) {
  return cv::Mat(static_cast<int>(picture.height), static_cast<int>(picture.width), CV_8UC3, picture.rgb.data());
}
inline cv::Scalar scalar_of(Rgb c) { return cv::Scalar(c.red, c.green, c.blue); }

enum class HorizontalAlign { kLeft, kCentre, kRight };
enum class VerticalAlign { kTop, kMiddle, kBottom };
enum class TextDirection { kAcross, kUpwards };
enum class TextWeight { kRegular, kBold };

struct TextStyle {
  double height = 12;  ///< of capital letters times 1.4, as font sizes are counted, in pixels
  Rgb colour{40, 40, 40};
  HorizontalAlign horizontal = HorizontalAlign::kLeft;
  VerticalAlign vertical = VerticalAlign::kMiddle;
  TextDirection direction = TextDirection::kAcross;
  TextWeight weight = TextWeight::kRegular;
};

/// Pixels that the text is wide, across.
int text_width(const std::string& text, const TextStyle& style);

/// Draws at (x, y), which the alignment refers to; what lies outside the picture is cut off. ASCII only, other bytes
/// become
/// '?'. OpenCV's stroke letters, drawn larger and made smaller again, so that strokes have widths between whole pixels.
void draw_text(Picture& picture, const std::string& text, double x, double y, const TextStyle& style);

/// The text cut to `width` pixels with ".." at its end where it is wider.
std::string fitted_text(const std::string& text, int width, const TextStyle& style);

/// Copies all of `from` into `onto` with its upper left corner at (x, y); it has to fit.
void paste(Picture& onto, const Picture& from, std::int64_t x, std::int64_t y);

/// A one-pixel line around the rectangle, outside of it.
void outline(Picture& picture, std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height, Rgb colour);

/// Made smaller by averaging, so that it is `height` x `width`.
Picture shrunk(const Picture& picture, std::int64_t height, std::int64_t width);

}  // namespace nextframe
