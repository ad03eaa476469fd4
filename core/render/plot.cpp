#include "core/render/plot.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/base/error.h"
#include "core/render/axis.h"
#include "core/render/plot_canvas.h"

namespace nextframe {
namespace {

constexpr Rgb kPaper{255, 255, 255};
constexpr Rgb kGrid{232, 232, 232};
constexpr Rgb kAxisLine{120, 120, 120};
constexpr Rgb kInk{45, 45, 45};
constexpr double kLineWidth = 1.8;
constexpr double kDotRadius = 3;
constexpr double kBandOpacity = 0.15;
constexpr double kLegendLine = 22, kLegendRow = 17, kLegendPadding = 7;

const TextStyle kTickStyle{.height = 11.5, .colour = kInk};
const TextStyle kLabelStyle{.height = 12.5, .colour = kInk, .horizontal = HorizontalAlign::kCentre};
const TextStyle kLegendStyle{.height = 12, .colour = kInk};
const TextStyle kNoteStyle{.height = 9.5,
                           .colour = {130, 130, 130},
                           .horizontal = HorizontalAlign::kRight,
                           .vertical = VerticalAlign::kBottom};
const TextStyle kPanelTitleStyle{.height = 14, .colour = kInk, .weight = TextWeight::kBold};
const TextStyle kTitleStyle{.height = 17, .colour = kInk, .weight = TextWeight::kBold};

/// Everything about a panel that is fixed before the first line is drawn.
struct PanelLayout {
  const Panel* panel = nullptr;
  Box outer, area;
  Axis x_axis{AxisScale::kLinear, 0, 1}, y_axis{AxisScale::kLinear, 0, 1};
  std::vector<Tick> x_ticks, y_ticks;

  Point place(double x, double y) const {
    return {area.left + x_axis.position(x) * area.width, area.bottom() - y_axis.position(y) * area.height};
  }
};

Rgb series_colour(const Panel& panel, std::size_t index) {
  return line_colour(panel.series[index].colour_index.value_or(static_cast<int>(index)));
}

Axis axis_of(const Panel& panel, bool horizontal) {
  const AxisScale scale = horizontal ? panel.x_scale : panel.y_scale;
  const std::optional<std::pair<double, double>>& range = horizontal ? panel.x_range : panel.y_range;
  if (range) return Axis(scale, range->first, range->second);
  std::vector<double> values;
  for (const Series& series : panel.series) {
    for (std::size_t i = 0; i < series.x.size(); ++i) {
      if (Axis::can_show(panel.x_scale, series.x[i]) && Axis::can_show(panel.y_scale, series.y[i])) {
        values.push_back(horizontal ? series.x[i] : series.y[i]);
      }
    }
    if (horizontal) continue;
    values.insert(values.end(), series.low.begin(), series.low.end());
    values.insert(values.end(), series.high.begin(), series.high.end());
  }
  return Axis::around(scale, values, horizontal ? 0.02 : 0.06);
}

PanelLayout layout_panel(const Panel& panel, const Box& outer) {
  PanelLayout layout;
  layout.panel = &panel;
  layout.outer = outer;
  layout.x_axis = axis_of(panel, true);
  layout.y_axis = axis_of(panel, false);
  const double above = panel.title.empty() ? 10 : 28, below = panel.x_label.empty() ? 26 : 46;
  layout.y_ticks = layout.y_axis.ticks(std::max(4, static_cast<int>((outer.height - above - below) / 45)));
  int widest = 0;
  for (const Tick& tick : layout.y_ticks) widest = std::max(widest, text_width(tick.label, kTickStyle));
  const double before = widest + 12 + (panel.y_label.empty() ? 4 : 22);
  layout.area = {outer.left + before, outer.top + above, outer.width - before - 14, outer.height - above - below};
  if (layout.area.width < 20 || layout.area.height < 20) {
    fail("[render] a figure of this size has no room for its panels");
  }
  layout.x_ticks = layout.x_axis.ticks(std::max(2, static_cast<int>(layout.area.width / 60)));
  return layout;
}

void draw_grid(PlotCanvas& canvas, const PanelLayout& layout) {
  const Box& area = layout.area;
  const auto grid_line = [&](const Tick& tick, Point from, Point to) {
    canvas.line(from, to, kGrid, tick.label.empty() ? 0.4 : 1);
  };
  for (const Tick& tick : layout.x_ticks) {
    const double x = area.left + layout.x_axis.position(tick.value) * area.width;
    grid_line(tick, {x, area.top}, {x, area.bottom()});
  }
  for (const Tick& tick : layout.y_ticks) {
    const double y = area.bottom() - layout.y_axis.position(tick.value) * area.height;
    grid_line(tick, {area.left, y}, {area.right(), y});
  }
  canvas.line({area.left, area.top}, {area.left, area.bottom()}, kAxisLine, 1);
  canvas.line({area.left, area.bottom()}, {area.right(), area.bottom()}, kAxisLine, 1);
}

/// The unbroken pieces of a series.
std::vector<std::vector<Point>> pieces_of(const PanelLayout& layout, const Series& series) {
  std::vector<std::vector<Point>> pieces(1);
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (Axis::can_show(layout.panel->x_scale, series.x[i]) && Axis::can_show(layout.panel->y_scale, series.y[i])) {
      pieces.back().push_back(layout.place(series.x[i], series.y[i]));
    } else if (!pieces.back().empty()) {
      pieces.emplace_back();
    }
  }
  if (pieces.back().empty()) pieces.pop_back();
  return pieces;
}

Stroke stroke_of(const Panel& panel, std::size_t index) {
  const Series& series = panel.series[index];
  return {.ink = series_colour(panel, index), .width = kLineWidth, .style = series.style, .opacity = series.opacity};
}

/// Between low and high, wherever both can be drawn; a place without a band ends it.
void draw_band(PlotCanvas& canvas, const PanelLayout& layout, std::size_t index) {
  const Series& series = layout.panel->series[index];
  std::vector<Point> above, below;
  const auto end = [&] {
    above.insert(above.end(), below.rbegin(), below.rend());
    if (above.size() > 2) canvas.area(above, series_colour(*layout.panel, index), kBandOpacity, &layout.area);
    above.clear();
    below.clear();
  };
  for (std::size_t i = 0; i < series.low.size(); ++i) {
    const AxisScale scale = layout.panel->y_scale;
    if (!Axis::can_show(scale, series.low[i]) || !Axis::can_show(scale, series.high[i])) {
      end();
      continue;
    }
    above.push_back(layout.place(series.x[i], series.high[i]));
    below.push_back(layout.place(series.x[i], series.low[i]));
  }
  end();
}

void draw_series(PlotCanvas& canvas, const PanelLayout& layout, std::size_t index) {
  const Series& series = layout.panel->series[index];
  const Stroke stroke = stroke_of(*layout.panel, index);
  Box clip = layout.area;
  clip.left -= kDotRadius;
  clip.top -= kDotRadius;
  clip.width += 2 * kDotRadius;
  clip.height += 2 * kDotRadius;
  for (const std::vector<Point>& piece : pieces_of(layout, series)) {
    canvas.polyline(piece, stroke, &clip);
    // A point without neighbours has no line: it would not be seen.
    if (series.markers == Markers::kNone && piece.size() > 1) continue;
    for (const Point& point : piece) canvas.dot(point, kDotRadius, stroke.ink, &clip);
  }
}

/// The corner of the area that hides the fewest points of the lines.
std::optional<Box> legend_box(const PanelLayout& layout) {
  double rows = 0, widest = 0;
  for (const Series& series : layout.panel->series) {
    if (series.label.empty()) continue;
    ++rows;
    widest = std::max(widest, static_cast<double>(text_width(series.label, kLegendStyle)));
  }
  if (rows == 0) return std::nullopt;
  const Box& area = layout.area;
  Box box{0, 0, widest + kLegendLine + 6 + 2 * kLegendPadding, rows * kLegendRow + kLegendPadding};
  box.width = std::min(box.width, area.width - 12);
  const double near = 6;
  const std::array<Point, 4> corners{{{area.right() - box.width - near, area.top + near},
                                      {area.right() - box.width - near, area.bottom() - box.height - near},
                                      {area.left + near, area.top + near},
                                      {area.left + near, area.bottom() - box.height - near}}};
  std::optional<Box> best;
  double fewest = 0;
  for (const Point& corner : corners) {
    box.left = corner.x;
    box.top = corner.y;
    double hidden = 0;
    for (const Series& series : layout.panel->series) {
      for (const std::vector<Point>& piece : pieces_of(layout, series)) {
        for (std::size_t i = 0; i < piece.size(); ++i) {
          // Lines count by their points and by points in between.
          constexpr int kParts = 8;
          for (int part = 0; part < kParts; ++part) {
            const Point a = piece[i], b = piece[std::min(i + 1, piece.size() - 1)];
            const double s = static_cast<double>(part) / kParts;
            const double x = a.x + (b.x - a.x) * s, y = a.y + (b.y - a.y) * s;
            const bool inside = x >= box.left - 4 && x <= box.right() + 4 && y >= box.top - 4 && y <= box.bottom() + 4;
            if (inside) hidden += 1.0 / static_cast<double>(piece.size());
          }
        }
      }
    }
    if (!best || hidden < fewest) {
      best = box;
      fewest = hidden;
    }
  }
  return best;
}

void draw_legend_lines(PlotCanvas& canvas, const PanelLayout& layout, const Box& box) {
  canvas.fill(box, kPaper, 0.85);
  double y = box.top + kLegendPadding / 2 + kLegendRow / 2;
  for (std::size_t i = 0; i < layout.panel->series.size(); ++i) {
    if (layout.panel->series[i].label.empty()) continue;
    draw_sample(*layout.panel, i, {box.left + kLegendPadding, y}, kLegendLine, canvas);
    y += kLegendRow;
  }
}

void draw_legend_text(PlotCanvas& canvas, const PanelLayout& layout, const Box& box) {
  double y = box.top + kLegendPadding / 2 + kLegendRow / 2;
  const double x = box.left + kLegendPadding + kLegendLine + 6;
  for (const Series& series : layout.panel->series) {
    if (series.label.empty()) continue;
    canvas.text(fitted_text(series.label, static_cast<int>(box.right() - x), kLegendStyle), {x, y}, kLegendStyle);
    y += kLegendRow;
  }
}

void draw_axis_text(PlotCanvas& canvas, const PanelLayout& layout) {
  const Box& area = layout.area;
  TextStyle style = kTickStyle;
  style.horizontal = HorizontalAlign::kCentre;
  for (const Tick& tick : layout.x_ticks) {
    canvas.text(tick.label, {area.left + layout.x_axis.position(tick.value) * area.width, area.bottom() + 12}, style);
  }
  style.horizontal = HorizontalAlign::kRight;
  for (const Tick& tick : layout.y_ticks) {
    canvas.text(tick.label, {area.left - 6, area.bottom() - layout.y_axis.position(tick.value) * area.height}, style);
  }
  const Panel& panel = *layout.panel;
  for (const Note& note : panel.notes) {
    const Point place = layout.place(note.x, note.y);
    canvas.text(note.text, {place.x - 2, place.y - 1}, kNoteStyle);
  }
  canvas.text(panel.x_label, {area.left + area.width / 2, area.bottom() + 32}, kLabelStyle);
  TextStyle upwards = kLabelStyle;
  upwards.direction = TextDirection::kUpwards;
  canvas.text(panel.y_label, {layout.outer.left + 11, area.top + area.height / 2}, upwards);
  canvas.text(fitted_text(panel.title, static_cast<int>(area.width), kPanelTitleStyle),
              {area.left, layout.outer.top + 14}, kPanelTitleStyle);
}

/// The number of columns whose panels are most like 3:2.
std::int64_t columns_for(const Figure& figure) {
  const auto panels = static_cast<std::int64_t>(figure.panels.size());
  if (figure.columns > 0) return std::min(figure.columns, panels);
  std::int64_t best = 1;
  double least = 0;
  for (std::int64_t columns = 1; columns <= panels; ++columns) {
    const std::int64_t rows = (panels + columns - 1) / columns;
    const double width = static_cast<double>(figure.width) / static_cast<double>(columns);
    const double height = static_cast<double>(figure.height) / static_cast<double>(rows);
    const double empty = static_cast<double>(rows * columns - panels) / static_cast<double>(panels);
    const double badness = std::abs(std::log(width / height / 1.5)) + empty;
    if (columns == 1 || badness < least) {
      best = columns;
      least = badness;
    }
  }
  return best;
}

std::vector<PanelLayout> layout_figure(const Figure& figure) {
  const auto panels = static_cast<std::int64_t>(figure.panels.size());
  const std::int64_t columns = columns_for(figure), rows = (panels + columns - 1) / columns;
  const double top = figure.title.empty() ? 6 : 38, side = 8;
  const double width = (static_cast<double>(figure.width) - 2 * side) / static_cast<double>(columns);
  const double height = (static_cast<double>(figure.height) - top - 6) / static_cast<double>(rows);
  std::vector<PanelLayout> layouts;
  for (std::int64_t i = 0; i < panels; ++i) {
    const Panel& panel = figure.panels[static_cast<std::size_t>(i)];
    for (const Series& series : panel.series) {
      if (series.x.size() != series.y.size()) {
        fail("[render] plot \"{}\": {} x values and {} y values", series.label, series.x.size(), series.y.size());
      }
    }
    const Box outer{side + static_cast<double>(i % columns) * width, top + static_cast<double>(i / columns) * height,
                    width, height};
    layouts.push_back(layout_panel(panel, outer));
  }
  return layouts;
}

}  // namespace

void draw_sample(const Panel& panel, std::size_t series, Point from, double length, PlotCanvas& canvas) {
  const Stroke stroke = stroke_of(panel, series);
  canvas.polyline({from, {from.x + length, from.y}}, stroke, nullptr);
  if (panel.series[series].markers == Markers::kDots) {
    canvas.dot({from.x + length / 2, from.y}, kDotRadius, stroke.ink, nullptr);
  }
}

void draw_figure(const Figure& figure, PlotCanvas& canvas) {
  if (figure.panels.empty()) fail("[render] a figure without panels");
  for (const PanelLayout& layout : layout_figure(figure)) {
    draw_grid(canvas, layout);
    for (std::size_t i = 0; i < layout.panel->series.size(); ++i) draw_band(canvas, layout, i);
    for (std::size_t i = 0; i < layout.panel->series.size(); ++i) draw_series(canvas, layout, i);
    const std::optional<Box> legend = legend_box(layout);
    if (legend) draw_legend_lines(canvas, layout, *legend);
    draw_axis_text(canvas, layout);
    if (legend) draw_legend_text(canvas, layout, *legend);
  }
  canvas.text(fitted_text(figure.title, static_cast<int>(figure.width) - 32, kTitleStyle), {18, 20}, kTitleStyle);
}

}  // namespace nextframe
