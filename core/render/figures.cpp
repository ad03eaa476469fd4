#include <algorithm>
#include <cmath>

#include "core/render/plot.h"

namespace nextframe {
namespace {

/// Each value's median over `reach` neighbours on both sides; values that are not finite do not count.
std::vector<double> running_median(const std::vector<double>& values, std::size_t reach) {
  std::vector<double> result(values.size()), window;
  for (std::size_t i = 0; i < values.size(); ++i) {
    window.clear();
    // As far to the left as to the right, so that a falling curve's ends are not bent.
    const std::size_t here = std::min({reach, i, values.size() - 1 - i});
    for (std::size_t k = i - here; k <= i + here; ++k) {
      if (std::isfinite(values[k])) window.push_back(values[k]);
    }
    const auto middle = window.begin() + static_cast<std::ptrdiff_t>(window.size() / 2);
    if (!window.empty()) std::nth_element(window.begin(), middle, window.end());
    result[i] = window.empty() ? std::nan("") : *middle;
  }
  return result;
}

/// At most about 2000 points: every n-th value, which is finer than the picture.
Series thinned(Series series) {
  constexpr std::size_t kMost = 2000;
  const std::size_t every = std::max<std::size_t>(1, series.x.size() / kMost);
  if (every == 1) return series;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < series.x.size(); i += every, ++kept) {
    series.x[kept] = series.x[i];
    series.y[kept] = series.y[i];
  }
  series.x.resize(kept);
  series.y.resize(kept);
  return series;
}

Panel loss_panel(const TrainingHistory& history) {
  Panel panel{.title = "loss", .x_label = "step", .y_scale = history.loss_scale};
  const std::size_t reach = history.losses.size() / 80;
  if (reach > 0) {
    panel.series.push_back(thinned({.x = history.steps, .y = history.losses, .colour_index = 0, .opacity = 0.25}));
  }
  panel.series.push_back(thinned(
      {.label = "training", .x = history.steps, .y = running_median(history.losses, reach), .colour_index = 0}));
  if (!history.validation_steps.empty()) {
    panel.series.push_back({.label = "validation",
                            .x = history.validation_steps,
                            .y = history.validation_losses,
                            .markers = history.validation_steps.size() <= 40 ? Markers::kDots : Markers::kNone,
                            .colour_index = 1});
  }
  return panel;
}

Panel score_panel(const ScoreHistory& score) {
  Panel panel{.title = score.name, .x_label = "step"};
  panel.series.push_back({.label = "validation",
                          .x = score.steps,
                          .y = score.values,
                          .markers = score.steps.size() <= 40 ? Markers::kDots : Markers::kNone,
                          .colour_index = 1});
  if (score.baseline && !score.steps.empty()) {
    panel.series.push_back({.label = "persistence",
                            .x = {score.steps.front(), score.steps.back()},
                            .y = {*score.baseline, *score.baseline},
                            .style = LineStyle::kDashed,
                            .colour_index = 7});
  }
  return panel;
}

}  // namespace

Figure training_curves(const TrainingHistory& history) {
  Figure figure{.title = history.title};
  figure.panels.push_back(loss_panel(history));
  for (const ScoreHistory& score : history.scores) figure.panels.push_back(score_panel(score));
  if (figure.panels.size() > 2) figure.height = 640;
  if (figure.panels.size() > 4) figure.width = 1200;
  return figure;
}

Figure scores_by_lead_time(const std::string& title, const std::vector<LeadTimePanel>& panels,
                           double seconds_per_frame) {
  Figure figure{.title = title};
  for (const LeadTimePanel& scores : panels) {
    std::size_t longest = 0;
    for (const LeadTimeScore& line : scores.lines) longest = std::max(longest, line.values.size());
    const double last = static_cast<double>(longest) * seconds_per_frame;
    const bool minutes = last >= 300;
    const double unit = seconds_per_frame <= 0 ? 1 : minutes ? seconds_per_frame / 60 : seconds_per_frame;
    Panel panel{.title = scores.score,
                .x_label = seconds_per_frame <= 0 ? "lead time (frames)"
                           : minutes              ? "lead time (min)"
                                                  : "lead time (s)"};
    for (std::size_t i = 0; i < scores.lines.size(); ++i) {
      const LeadTimeScore& line = scores.lines[i];
      Series series{.label = line.forecaster, .y = line.values, .low = line.low, .high = line.high};
      for (std::size_t lead = 1; lead <= line.values.size(); ++lead)
        series.x.push_back(static_cast<double>(lead) * unit);
      if (longest <= 30) series.markers = Markers::kDots;
      if (i > 0) series.style = LineStyle::kDashed;
      panel.series.push_back(std::move(series));
    }
    figure.panels.push_back(std::move(panel));
  }
  if (figure.panels.size() > 2) figure.height = 640;
  if (figure.panels.size() > 4) figure.width = 1200;
  return figure;
}

}  // namespace nextframe
