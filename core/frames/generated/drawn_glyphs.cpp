#include "core/frames/generated/drawn_glyphs.h"

#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "core/base/mapped_file.h"
#include "core/base/random.h"
#include "core/frames/gzip.h"

namespace nextframe {
namespace {

constexpr int kSide = 28;
constexpr int kFiner = 4;  // drawn so many times larger, then averaged down, for soft edges
constexpr std::size_t kLargestIdx = std::size_t{1} << 30;

struct Style {
  int font = 0;
  double height = 0;  ///< of the digit, in pixels of the glyph
  double stroke = 0;  ///< width of a line, likewise
  double slant = 0;   ///< shift to the right a pixel upwards
};

std::vector<Style> styles() {
  std::vector<Style> list;
  for (const int font :
       {cv::FONT_HERSHEY_SIMPLEX, cv::FONT_HERSHEY_DUPLEX, cv::FONT_HERSHEY_COMPLEX, cv::FONT_HERSHEY_TRIPLEX}) {
    for (const double height : {16.0, 18.0, 20.0}) {
      for (const double stroke : {1.6, 2.3, 3.0}) {
        for (const double slant : {-0.15, 0.0, 0.15, 0.3}) list.push_back({font, height, stroke, slant});
      }
    }
  }
  Random random(28);
  for (std::size_t i = list.size() - 1; i > 0; --i) std::swap(list[i], list[random.below(i + 1)]);
  return list;
}

/// Sheared about the picture's centre and moved so that the ink's bounding box lies in the middle.
cv::Mat centred(const cv::Mat& picture, double slant) {
  const cv::Rect box = cv::boundingRect(picture);
  const double middle = picture.rows / 2.0;
  const double box_x = box.x + box.width / 2.0;
  const double box_y = box.y + box.height / 2.0;
  cv::Mat map = cv::Mat::eye(2, 3, CV_64F);
  map.at<double>(0, 1) = -slant;
  map.at<double>(0, 2) = middle - box_x + slant * box_y;
  map.at<double>(1, 2) = middle - box_y;
  cv::Mat moved;
  cv::warpAffine(picture, moved, map, picture.size(), cv::INTER_LINEAR);
  return moved;
}

cv::Mat draw_digit(int digit, const Style& style) {
  const std::string text(1, static_cast<char>('0' + digit));
  const int thickness = static_cast<int>(style.stroke * kFiner);
  const int side = kSide * kFiner;
  const double scale =
      cv::getFontScaleFromHeight(style.font, static_cast<int>((style.height - style.stroke) * kFiner), thickness);
  int baseline = 0;
  const cv::Size size = cv::getTextSize(text, style.font, scale, thickness, &baseline);
  cv::Mat picture = cv::Mat::zeros(side, side, CV_8U);
  cv::putText(picture, text, {(side - size.width) / 2, (side + size.height) / 2}, style.font, scale, cv::Scalar(255),
              thickness, cv::LINE_8);
  cv::Mat small;
  cv::resize(centred(picture, style.slant), small, {kSide, kSide}, 0, 0, cv::INTER_AREA);
  return small;
}

}  // namespace

GlyphSet draw_glyphs() {
  GlyphSet glyphs{kSide, kSide, {}};
  for (const Style& style : styles()) {
    for (int digit = 0; digit < 10; ++digit) {
      const cv::Mat picture = draw_digit(digit, style);
      for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x)
          glyphs.pixels.push_back(static_cast<float>(picture.at<std::uint8_t>(y, x)) / 255.0F);
      }
    }
  }
  return glyphs;
}

IdxImages read_idx_images(const std::string& path) {
  const MappedFile file(path);
  if (!is_gzip(file.bytes())) return parse_idx_images(file.bytes(), path);
  return parse_idx_images(gunzip(file.bytes(), kLargestIdx, path), path);
}

}  // namespace nextframe
