#include "core/render/verification_figures.h"

#include <algorithm>
#include <array>

#include "core/base/format.h"

namespace nextframe {
namespace {

constexpr int kBlack = 7;
constexpr double kFaint = 0.22;

Series guide(std::vector<double> x, std::vector<double> y, LineStyle style) {
  return {.x = std::move(x), .y = std::move(y), .style = style, .colour_index = kBlack, .opacity = kFaint};
}

/// Detection where the CSI is `csi`: 1 / CSI = 1 / success + 1 / detection - 1.
Series csi_guide(double csi) {
  Series line = guide({}, {}, LineStyle::kSolid);
  constexpr int kParts = 60;
  for (int i = 0; i <= kParts; ++i) {
    const double success = csi + (1 - csi) * i / kParts;
    line.x.push_back(success);
    line.y.push_back(1 / (1 / csi + 1 - 1 / success));
  }
  return line;
}

Series bias_guide(double bias) {
  const double end = std::min(1.0, 1 / bias);
  return guide({0, end}, {0, end * bias}, LineStyle::kDashed);
}

void add_lines(Panel& panel, const std::vector<DiagramLine>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    panel.series.push_back({.label = lines[i].forecaster,
                            .x = lines[i].x,
                            .y = lines[i].y,
                            .markers = Markers::kDots,
                            .colour_index = static_cast<int>(i)});
  }
}

/// Panels beside each other, each about square.
Figure figure_of(const std::string& title, std::vector<Panel> panels) {
  const auto count = static_cast<std::int64_t>(panels.size());
  const std::int64_t columns = std::clamp<std::int64_t>(count, 1, 3);
  const std::int64_t rows = (count + columns - 1) / columns;
  return {.title = title,
          .width = 40 + 480 * columns,
          .height = 60 + 460 * rows,
          .columns = columns,
          .panels = std::move(panels)};
}

Panel unit_square(const std::string& title, const std::string& x_label, const std::string& y_label) {
  return {.title = title,
          .x_label = x_label,
          .y_label = y_label,
          .x_range = std::pair{0.0, 1.0},
          .y_range = std::pair{0.0, 1.0}};
}

}  // namespace

Figure performance_diagram(const std::string& title, const std::vector<DiagramPanel>& panels) {
  std::vector<Panel> drawn;
  for (const DiagramPanel& one : panels) {
    Panel panel = unit_square(one.title, "success ratio (1 - far)", "probability of detection");
    for (const double csi : {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9}) {
      panel.series.push_back(csi_guide(csi));
      panel.notes.push_back({.x = 1, .y = csi, .text = format("{:g}", csi)});
    }
    for (const double bias : {0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0}) panel.series.push_back(bias_guide(bias));
    add_lines(panel, one.lines);
    drawn.push_back(std::move(panel));
  }
  return figure_of(title, std::move(drawn));
}

Figure reliability_diagram(const std::string& title, const std::vector<DiagramPanel>& panels) {
  std::vector<Panel> drawn;
  for (const DiagramPanel& one : panels) {
    Panel panel = unit_square(one.title, "forecast frequency", "observed frequency");
    panel.series.push_back(guide({0, 1}, {0, 1}, LineStyle::kDashed));
    add_lines(panel, one.lines);
    drawn.push_back(std::move(panel));
  }
  return figure_of(title, std::move(drawn));
}

Figure power_spectra(const std::string& title, const std::string& wavelength_label,
                     const std::vector<DiagramPanel>& panels) {
  std::vector<Panel> drawn;
  for (const DiagramPanel& one : panels) {
    Panel panel{.title = one.title,
                .x_label = wavelength_label,
                .y_label = "power",
                .x_scale = AxisScale::kLogarithmic,
                .y_scale = AxisScale::kLogarithmic};
    for (std::size_t i = 0; i < one.lines.size(); ++i) {
      const DiagramLine& line = one.lines[i];
      panel.series.push_back({.label = line.forecaster,
                              .x = line.x,
                              .y = line.y,
                              .style = i == 0 ? LineStyle::kDashed : LineStyle::kSolid,
                              .colour_index = i == 0 ? kBlack : static_cast<int>(i) - 1});
    }
    drawn.push_back(std::move(panel));
  }
  return figure_of(title, std::move(drawn));
}

}  // namespace nextframe
