#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "core/render/plot_canvas.h"

namespace nextframe {
namespace {

constexpr int kOversampling = 3;  // of lines; text is drawn afterwards
constexpr Rgb kPaper{255, 255, 255};

/// Pixels.
class PictureCanvas final : public PlotCanvas {
 public:
  PictureCanvas(std::int64_t height, std::int64_t width)
      : height_(height), width_(width), large_(height * kOversampling, width * kOversampling, kPaper) {}

  void polyline(const std::vector<Point>& points, const Stroke& stroke, const Box* clip) override {
    if (stroke.style == LineStyle::kSolid) return unbroken(points, stroke, clip);
    dashed(points, stroke, clip);
  }

  void area(const std::vector<Point>& corners, Rgb ink, double opacity, const Box* clip) override {
    paint(clip, opacity, [&](cv::Mat& view, cv::Point origin) {
      std::vector<cv::Point> places;
      for (const Point& p : corners) places.push_back(fixed_point(p) - origin * (1 << kShift));
      cv::fillPoly(view, std::vector<std::vector<cv::Point>>{places}, scalar_of(ink), cv::LINE_AA, kShift);
    });
  }

  void dot(Point centre, double radius, Rgb ink, const Box* clip) override {
    paint(clip, 1, [&](cv::Mat& view, cv::Point origin) {
      cv::circle(view, fixed_point(centre) - origin * (1 << kShift),
                 static_cast<int>(radius * kOversampling * (1 << kShift)), scalar_of(ink), cv::FILLED, cv::LINE_AA,
                 kShift);
    });
  }

  void fill(const Box& box, Rgb ink, double opacity) override {
    paint(&box, opacity, [&](cv::Mat& view, cv::Point) { view.setTo(scalar_of(ink)); });
  }

  void text(const std::string& text, Point place, const TextStyle& style) override {
    texts_.push_back({text, place, style});
  }

  Picture finish() const {
    Picture picture = shrunk(large_, height_, width_);
    for (const Text& one : texts_) draw_text(picture, one.text, one.place.x, one.place.y, one.style);
    return picture;
  }

 private:
  static constexpr int kShift = 4;  // bits behind the point of OpenCV's coordinates

  struct Text {
    std::string text;
    Point place;
    TextStyle style;
  };

  static cv::Point fixed_point(Point p) {
    const auto fixed = [](double v) {
      return static_cast<int>(std::lround(std::clamp(v, -2e4, 2e4) * kOversampling * (1 << kShift)));
    };
    return {fixed(p.x), fixed(p.y)};
  }

  void unbroken(const std::vector<Point>& points, const Stroke& stroke, const Box* clip) {
    std::vector<cv::Point> places;
    for (const Point& p : points) places.push_back(fixed_point(p));
    paint(clip, stroke.opacity, [&](cv::Mat& view, cv::Point origin) {
      std::vector<cv::Point> moved;
      for (const cv::Point& p : places) moved.push_back(p - origin * (1 << kShift));
      cv::polylines(view, moved, false, scalar_of(stroke.ink),
                    std::max(1, static_cast<int>(std::lround(stroke.width * kOversampling))), cv::LINE_AA, kShift);
    });
  }

  /// Cuts a line into the pieces that are drawn; `travelled` carries the pattern over corners.
  void dashed(const std::vector<Point>& points, const Stroke& stroke, const Box* clip) {
    double travelled = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
      const Point a = points[i - 1], b = points[i];
      const double length = std::hypot(b.x - a.x, b.y - a.y);
      for (double at = 0; at < length;) {
        const double phase = std::fmod(travelled + at, kDash + kGap);
        const double until = std::min(length, at + (phase < kDash ? kDash : kDash + kGap) - phase + 1e-6);
        const auto between = [&](double s) {
          return Point{a.x + (b.x - a.x) * s / length, a.y + (b.y - a.y) * s / length};
        };
        if (phase < kDash) unbroken({between(at), between(until)}, stroke, clip);
        at = until;
      }
      travelled += length;
    }
  }

  template <class Draw>
  void paint(const Box* clip, double opacity, Draw draw) {
    cv::Mat whole = view_of(large_);
    cv::Rect rect(0, 0, whole.cols, whole.rows);
    if (clip != nullptr) {
      const auto large = [](double v) { return static_cast<int>(std::lround(v * kOversampling)); };
      rect &= cv::Rect(large(clip->left), large(clip->top), large(clip->width), large(clip->height));
    }
    if (rect.empty()) return;
    cv::Mat view = whole(rect);
    if (opacity >= 1) return draw(view, rect.tl());
    cv::Mat layer = view.clone();
    draw(layer, rect.tl());
    cv::addWeighted(layer, opacity, view, 1 - opacity, 0, view);
  }

  std::int64_t height_, width_;
  Picture large_;
  std::vector<Text> texts_;
};

}  // namespace

Picture draw_figure(const Figure& figure) {
  PictureCanvas canvas(figure.height, figure.width);
  draw_figure(figure, canvas);
  return canvas.finish();
}

void write_figure(const std::string& path, const Figure& figure) { write_png(path, draw_figure(figure)); }

}  // namespace nextframe
