#pragma once

#include <string>
#include <vector>

#include "core/render/drawing.h"
#include "core/render/plot.h"

namespace nextframe {

struct Box {
  double left = 0, top = 0, width = 0, height = 0;

  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

struct Point {
  double x = 0, y = 0;
};

/// How a line is drawn.
struct Stroke {
  Rgb ink = {};
  double width = 1;
  LineStyle style = LineStyle::kSolid;
  double opacity = 1;
};

/// What figures are drawn on, in units of the figure's width and height, from its upper left corner. `clip` may be null.
class PlotCanvas {
 public:
  PlotCanvas() = default;
  PlotCanvas(const PlotCanvas&) = delete;
  PlotCanvas& operator=(const PlotCanvas&) = delete;
  virtual ~PlotCanvas() = default;

  virtual void polyline(const std::vector<Point>& points, const Stroke& stroke, const Box* clip) = 0;
  virtual void area(const std::vector<Point>& corners, Rgb ink, double opacity, const Box* clip) = 0;
  virtual void dot(Point centre, double radius, Rgb ink, const Box* clip) = 0;
  virtual void fill(const Box& box, Rgb ink, double opacity) = 0;
  /// On top of everything else.
  virtual void text(const std::string& text, Point place, const TextStyle& style) = 0;

  void line(Point from, Point to, Rgb ink, double width) {
    polyline({from, to}, {.ink = ink, .width = width}, nullptr);
  }
};

/// Dashes of a dashed line, and the gaps between them.
inline constexpr double kDash = 6, kGap = 4;

/// Draws a piece of a series as long as `line`, as a legend shows it.
void draw_sample(const Panel& panel, std::size_t series, Point from, double length, PlotCanvas& canvas);

/// Draws all panels: axes, grids, lines, legends, titles.
void draw_figure(const Figure& figure, PlotCanvas& canvas);

}  // namespace nextframe
