#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/render/picture.h"

namespace nextframe {

enum class AxisScale { kLinear, kLogarithmic };
enum class LineStyle { kSolid, kDashed };
enum class Markers { kNone, kDots };

/// A line of a plot. Points that are not finite, or not positive on a logarithmic axis, break it.
struct Series {
  std::string label = {};  ///< in the legend; empty: not in the legend
  std::vector<double> x = {};
  std::vector<double> y = {};  ///< as many as x
  LineStyle style = LineStyle::kSolid;
  Markers markers = Markers::kNone;
  std::optional<int> colour_index = {};  ///< of line_colour; unset: the series' place in its panel
  double opacity = 1;                    ///< 1 = full; less for noisy lines in the background
  std::vector<double> low = {};          ///< of a pale band around the line, as many as x; empty: none
  std::vector<double> high = {};
};

/// A few letters in a panel, right above and left of a place in it.
struct Note {
  double x = 0;
  double y = 0;
  std::string text = {};
};

struct Panel {
  std::string title = {};
  std::string x_label = {};
  std::string y_label = {};
  AxisScale x_scale = AxisScale::kLinear;
  AxisScale y_scale = AxisScale::kLinear;
  std::optional<std::pair<double, double>> x_range = {};  ///< unset: from the data
  std::optional<std::pair<double, double>> y_range = {};  ///< likewise
  std::vector<Series> series = {};
  std::vector<Note> notes = {};
};

struct Figure {
  std::string title = {};
  std::int64_t width = 900;
  std::int64_t height = 500;
  std::int64_t columns = 0;  ///< of panels; 0: as many as make the panels' sides most alike
  std::vector<Panel> panels = {};
};

/// Ticks at 1, 2 or 5 times powers of ten (decades on logarithmic axes), light grid, legend, anti-aliased lines. Text
/// is ASCII.
Picture draw_figure(const Figure& figure);
void write_figure(const std::string& path, const Figure& figure);

/// A score measured again and again while training.
struct ScoreHistory {
  std::string name = {};  ///< "psnr (dB)"
  std::vector<double> steps = {};
  std::vector<double> values = {};
  std::optional<double> baseline = {};  ///< persistence's value, drawn as a dashed line
};

struct TrainingHistory {
  std::string title = {};
  std::vector<double> steps = {};
  std::vector<double> losses = {};  ///< one for each step: drawn light, its running median on top
  std::vector<double> validation_steps = {};
  std::vector<double> validation_losses = {};
  std::vector<ScoreHistory> scores = {};  ///< a panel each
  AxisScale loss_scale = AxisScale::kLogarithmic;
};

/// curves.png: training and validation loss against the step, and a panel for each score.
Figure training_curves(const TrainingHistory& history);

/// One line for each forecaster ("model", "persistence") over the lead times 1, 2, ..., or over minutes or seconds
/// where `seconds_per_frame` is known.
struct LeadTimeScore {
  std::string forecaster = {};
  std::vector<double> values = {};  ///< at lead time 1, 2, ...
  std::vector<double> low = {};     ///< of its interval; empty: none
  std::vector<double> high = {};
};
struct LeadTimePanel {
  std::string score = {};  ///< "psnr (dB)"
  std::vector<LeadTimeScore> lines = {};
};
Figure scores_by_lead_time(const std::string& title, const std::vector<LeadTimePanel>& panels,
                           double seconds_per_frame = 0);

}  // namespace nextframe
