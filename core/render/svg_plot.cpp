#include "core/render/svg_plot.h"

#include <utility>

#include "core/base/format.h"
#include "core/base/text.h"
#include "core/render/plot_canvas.h"

namespace nextframe {
namespace {

std::string hex(Rgb c) { return format("#{:02x}{:02x}{:02x}", c.red, c.green, c.blue); }

/// A coordinate, to a hundredth.
std::string number(double value) {
  std::string text = format("{:.2f}", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string path_of(const std::vector<Point>& points) {
  std::string path;
  for (const Point& p : points) path += (path.empty() ? "M" : "L") + number(p.x) + " " + number(p.y);
  return path;
}

class SvgCanvas final : public PlotCanvas {
 public:
  void polyline(const std::vector<Point>& points, const Stroke& stroke, const Box* clip) override {
    if (points.size() < 2) return;
    use(clip);
    shapes_ += format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{}{}/>",
                      path_of(points), hex(stroke.ink), number(stroke.width),
                      stroke.style == LineStyle::kDashed ? format(" stroke-dasharray=\"{} {}\"", kDash, kGap) : "",
                      opacity_of(stroke.opacity));
  }

  void area(const std::vector<Point>& corners, Rgb ink, double opacity, const Box* clip) override {
    use(clip);
    shapes_ += format("<path d=\"{}Z\" fill=\"{}\"{}/>", path_of(corners), hex(ink), opacity_of(opacity));
  }

  void dot(Point centre, double radius, Rgb ink, const Box* clip) override {
    use(clip);
    shapes_ += format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>", number(centre.x), number(centre.y),
                      number(radius), hex(ink));
  }

  void fill(const Box& box, Rgb ink, double opacity) override {
    use(nullptr);
    shapes_ += format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"{}/>", number(box.left),
                      number(box.top), number(box.width), number(box.height), hex(ink), opacity_of(opacity));
  }

  void text(const std::string& text, Point place, const TextStyle& style) override {
    if (text.empty()) return;
    const double baseline = style.vertical == VerticalAlign::kTop      ? style.height / kCapitals
                            : style.vertical == VerticalAlign::kMiddle ? style.height / kCapitals / 2
                                                                       : 0;
    const bool upwards = style.direction == TextDirection::kUpwards;
    const Point at = upwards ? Point{place.x + baseline, place.y} : Point{place.x, place.y + baseline};
    texts_ += format("<text x=\"{0}\" y=\"{1}\" font-size=\"{2}\" fill=\"{3}\"{4}{5}{6}>{7}</text>", number(at.x),
                     number(at.y), number(style.height), hex(style.colour),
                     style.horizontal == HorizontalAlign::kCentre  ? " text-anchor=\"middle\""
                     : style.horizontal == HorizontalAlign::kRight ? " text-anchor=\"end\""
                                                                   : "",
                     style.weight == TextWeight::kBold ? " font-weight=\"600\"" : "",
                     upwards ? format(" transform=\"rotate(-90 {} {})\"", number(at.x), number(at.y)) : std::string(),
                     escaped(text));
  }

  std::string shapes() const { return shapes_; }

  std::string finish(const Figure& figure) {
    use(nullptr);
    std::string title = figure.title;
    for (const Panel& panel : figure.panels) title += (title.empty() || panel.title.empty() ? "" : ": ") + panel.title;
    return format(
        "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2}\" "
        "font-family=\"system-ui,sans-serif\">{3}{4}</svg>",
        figure.width, figure.height, escaped(title), shapes_, texts_);
  }

 private:
  /// Heights of letters over those of capitals.
  static constexpr double kCapitals = 1.4;

  static std::string opacity_of(double opacity) {
    return opacity < 1 ? format(" opacity=\"{}\"", number(opacity)) : std::string();
  }

  /// What follows is clipped to the box: a picture within the picture, which needs no name as a clip path would.
  void use(const Box* clip) {
    std::string wanted;
    if (clip != nullptr) {
      wanted = format("<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" viewBox=\"{0} {1} {2} {3}\">",
                      number(clip->left), number(clip->top), number(clip->width), number(clip->height));
    }
    if (wanted == clip_) return;
    if (!clip_.empty()) shapes_ += "</svg>";
    shapes_ += wanted;
    clip_ = std::move(wanted);
  }

  std::string clip_;  ///< the element that is open; empty: none
  std::string shapes_;
  std::string texts_;
};

}  // namespace

std::string svg_of(const Figure& figure) {
  SvgCanvas canvas;
  draw_figure(figure, canvas);
  return canvas.finish(figure);
}

std::string svg_sample_of(const Panel& panel, std::size_t series) {
  constexpr double kLength = 28, kHeight = 10;
  SvgCanvas canvas;
  draw_sample(panel, series, {1, kHeight / 2}, kLength, canvas);
  return format("<svg width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" aria-hidden=\"true\">{2}</svg>", kLength + 2,
                kHeight, canvas.shapes());
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : to_valid_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace nextframe
