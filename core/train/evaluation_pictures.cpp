#include "core/train/evaluation_pictures.h"

#include <algorithm>
#include <cmath>

#include "core/base/format.h"
#include "core/base/text.h"
#include "core/render/montage.h"
#include "core/render/plot.h"
#include "core/render/rain_montage.h"
#include "core/render/verification_figures.h"
#include "core/train/sequence_frames.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// Widest montages have so many columns.
constexpr std::int64_t kColumns = 6;

std::vector<Frame> frames_of(const FrameValues& values, std::int64_t horizon) {
  std::vector<Frame> frames;
  for (std::int64_t lead = 0; lead < horizon; ++lead) frames.push_back(values.frame(lead));
  return frames;
}

double mean_truth(const ForecastBatch& sequence) {
  const std::int64_t pixels = sequence.horizon * sequence.height * sequence.width;
  double sum = 0;
  double count = 0;
  for (std::int64_t p = 0; p < pixels; ++p) {
    if (sequence.mask != nullptr && sequence.mask[p] == 0) continue;
    sum += static_cast<double>(sequence.truth[p * sequence.channels]);
    count += 1;
  }
  return count > 0 ? sum / count : 0;
}

std::string event_text(double threshold, const Evaluation& evaluation) {
  return format("at least {:g}{}{}", threshold, evaluation.units.empty() ? "" : " ", evaluation.units);
}

/// "mae (mm/h), lower is better".
std::string panel_title(const Evaluation& evaluation, const MetricScores& scores) {
  const MetricEntry& entry = find_metric(scores.metric);
  const std::string units = entry.units == kUnitsOfValues ? evaluation.units : std::string(entry.units);
  const char* better = entry.better == Better::kLower     ? "lower is better"
                       : entry.better == Better::kHigher  ? "higher is better"
                       : entry.better == Better::kNearOne ? "1 is best"
                                                          : "0 is best";
  return format("{}{}, {}", scores.label(), units.empty() ? "" : " (" + units + ")", better);
}

Figure score_figure(const Evaluation& evaluation) {
  std::vector<LeadTimePanel> panels;
  for (std::size_t m = 0; m < evaluation.forecasters.front().metrics.size(); ++m) {
    LeadTimePanel& panel = panels.emplace_back();
    panel.score = panel_title(evaluation, evaluation.forecasters.front().metrics[m]);
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores& scores = forecaster.metrics[m];
      LeadTimeScore& line = panel.lines.emplace_back(LeadTimeScore{forecaster.name, scores.by_lead_time});
      for (const std::optional<Interval>& interval : scores.intervals) {
        line.low.push_back(interval ? interval->low : std::nan(""));
        line.high.push_back(interval ? interval->high : std::nan(""));
      }
    }
  }
  Figure figure = scores_by_lead_time(evaluation.name, panels, evaluation.seconds_per_frame);
  const auto count = static_cast<std::int64_t>(panels.size());
  figure.columns = std::min<std::int64_t>(count, 3);
  figure.width = 60 + 400 * figure.columns;
  figure.height = 60 + 280 * ((count + figure.columns - 1) / figure.columns);
  return figure;
}

/// A panel for each threshold at which detection and false alarms can be read from the counts.
std::vector<DiagramPanel> performance_panels(const Evaluation& evaluation) {
  std::vector<DiagramPanel> panels;
  std::vector<double> drawn;
  for (const MetricScores& first : evaluation.forecasters.front().metrics) {
    if (first.counts.empty() || find_metric(first.metric).pool != 1) continue;
    if (std::find(drawn.begin(), drawn.end(), *first.threshold) != drawn.end()) continue;
    drawn.push_back(*first.threshold);
    DiagramPanel& panel = panels.emplace_back();
    panel.title = event_text(*first.threshold, evaluation);
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      DiagramLine& line = panel.lines.emplace_back();
      line.forecaster = forecaster.name;
      for (const Contingency& counts : forecaster.find(first.metric, first.threshold)->counts) {
        line.x.push_back(1 - false_alarm_ratio(counts).value_or(std::nan("")));
        line.y.push_back(probability_of_detection(counts).value_or(std::nan("")));
      }
    }
  }
  return panels;
}

std::vector<DiagramPanel> spectrum_panels(const Evaluation& evaluation, const EvaluationCurves& curves) {
  std::vector<DiagramPanel> panels;
  std::vector<std::int64_t> leads;
  for (const SpectrumCurve& curve : curves.spectra) {
    if (curve.frames == 0) continue;
    const auto found = std::find(leads.begin(), leads.end(), curve.lead_time);
    const auto place = static_cast<std::size_t>(found - leads.begin());
    if (found == leads.end()) {
      leads.push_back(curve.lead_time);
      panels.push_back({.title = lead_text(curve.lead_time, evaluation)});
      panels.back().lines.push_back({"truth", curve.wavelength, curve.truth});
    }
    panels[place].lines.push_back({curve.forecaster, curve.wavelength, curve.forecast});
  }
  return panels;
}

std::vector<DiagramPanel> reliability_panels(const Evaluation& evaluation, const EvaluationCurves& curves) {
  std::vector<DiagramPanel> panels;
  std::vector<double> thresholds;
  for (const ReliabilityCurve& curve : curves.reliability) {
    const auto found = std::find(thresholds.begin(), thresholds.end(), curve.threshold);
    const auto place = static_cast<std::size_t>(found - thresholds.begin());
    if (found == thresholds.end()) {
      thresholds.push_back(curve.threshold);
      panels.push_back({.title = format("{} in {} px", event_text(curve.threshold, evaluation), curve.window)});
    }
    DiagramLine& line = panels[place].lines.emplace_back();
    line.forecaster = curve.forecaster;
    for (const ReliabilityBin& bin : curve.bins) {
      if (bin.count == 0) continue;
      line.x.push_back(bin.forecast_frequency());
      line.y.push_back(bin.observed_frequency());
    }
  }
  return panels;
}

/// "+30 min, 05:30 UTC" of each lead time where the time of day is known.
std::vector<std::string> valid_times(const Evaluation& evaluation, const SequencePlace& caption) {
  std::vector<std::string> labels;
  if (caption.last_seen == kNoTime || evaluation.seconds_per_frame <= 0) return labels;
  for (std::int64_t lead = 1; lead <= evaluation.horizon; ++lead) {
    const UtcSeconds valid = caption.last_seen + std::llround(evaluation.seconds_per_frame * static_cast<double>(lead));
    labels.push_back(lead_text(lead, evaluation) + ", " + fill_time("%H:%M", valid) + " UTC");
  }
  return labels;
}

Picture map_picture(const Evaluation& evaluation, const SampleKeeper::Sample& sample, const SequencePlace& caption,
                    FieldKind kind) {
  std::vector<MontageRow> rows{{"truth", RowKind::kTruth, sample.truth}};
  for (std::size_t i = 0; i < sample.forecasts.size(); ++i) {
    rows.push_back({evaluation.forecasters[i].name, RowKind::kForecast, sample.forecasts[i]});
  }
  MontageRow errors{"error of " + evaluation.forecasters.front().name, RowKind::kDifference, {}};
  for (std::size_t lead = 0; lead < sample.truth.size(); ++lead) {
    errors.frames.push_back(difference(sample.forecasts.front()[lead], sample.truth[lead]));
  }
  rows.push_back(std::move(errors));
  MontageOptions montage;
  montage.title = caption.title;
  if (caption.last_seen != kNoTime) montage.title += ", from " + format_time(caption.last_seen);
  montage.lead_labels = valid_times(evaluation, caption);
  montage.seconds_per_frame = evaluation.seconds_per_frame;
  montage.most_columns = kColumns;
  if (kind == FieldKind::kRain) return draw_rain_montage(rows, montage);
  montage.appearance.range = {0, 1};
  return draw_montage(rows, montage);
}

}  // namespace

std::string lead_text(std::int64_t lead, const Evaluation& evaluation) {
  const double seconds = evaluation.seconds_per_frame * static_cast<double>(lead);
  if (seconds <= 0) return format("+{}", lead);
  return seconds >= 60 ? format("+{:.3g} min", seconds / 60) : format("+{:.3g} s", seconds);
}

void SampleKeeper::add(std::int64_t window, std::span<const ForecastBatch> forecasts) {
  if (most_ == 0) return;
  const double weight = mean_truth(forecasts.front());
  const auto lightest = std::min_element(kept_.begin(), kept_.end(),
                                         [](const Sample& a, const Sample& b) { return a.weight < b.weight; });
  if (std::ssize(kept_) >= most_) {
    if (weight <= lightest->weight) return;
    kept_.erase(lightest);
  }
  Sample& sample = kept_.emplace_back();
  sample.window = window;
  sample.weight = weight;
  sample.truth = frames_of(truth_frames(forecasts.front()), forecasts.front().horizon);
  for (const ForecastBatch& forecast : forecasts) {
    sample.forecasts.push_back(frames_of(forecast_frames(forecast), forecast.horizon));
  }
}

std::vector<SampleKeeper::Sample> SampleKeeper::samples() const {
  std::vector<Sample> samples = kept_;
  std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.window < b.window; });
  return samples;
}

std::vector<EvaluationFigure> evaluation_figures(const Evaluation& evaluation, const EvaluationCurves& curves) {
  std::vector<EvaluationFigure> figures{
      {"scores", score_figure(evaluation),
       "Scores by lead time, with 95 % intervals of a bootstrap over the sequences where there are enough."}};
  if (const std::vector<DiagramPanel> panels = performance_panels(evaluation); !panels.empty()) {
    figures.push_back(
        {"performance", performance_diagram("performance by lead time", panels),
         "Detection over success by lead time: the best is the upper right corner. Lines of equal CSI are curved, "
         "those of equal frequency bias straight."});
  }
  if (const std::vector<DiagramPanel> panels = spectrum_panels(evaluation, curves); !panels.empty()) {
    figures.push_back({"spectra", power_spectra("power spectra", "wavelength (pixels)", panels),
                       "Power spectra: where a forecast has less power than the truth it is smoother at that scale."});
  }
  if (const std::vector<DiagramPanel> panels = reliability_panels(evaluation, curves); !panels.empty()) {
    figures.push_back(
        {"reliability", reliability_diagram("reliability of frequencies around a pixel", panels),
         "How often an event came where its frequency around a pixel was forecast that high: on the diagonal as "
         "often as forecast."});
  }
  return figures;
}

std::vector<fs::path> draw_evaluation(StagedFolder& folder, const Evaluation& evaluation,
                                      const EvaluationCurves& curves, const std::vector<SampleKeeper::Sample>& samples,
                                      const EvaluationPictureOptions& options) {
  std::vector<fs::path> files;
  const auto write = [&](const std::string& name, const Picture& picture) {
    files.push_back(folder.folder() / name);
    write_png(folder.add(name).string(), picture);
  };
  for (const EvaluationFigure& one : evaluation_figures(evaluation, curves)) {
    write(one.name + ".png", draw_figure(one.figure));
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    write(format("maps_{}.png", i + 1),
          map_picture(evaluation, samples[i], i < options.captions.size() ? options.captions[i] : SequencePlace{},
                      options.kind));
  }
  return files;
}

bool is_evaluation_picture(std::string_view name) {
  for (const std::string_view known : {"scores.png", "performance.png", "spectra.png", "reliability.png"}) {
    if (name == known) return true;
  }
  return glob_match("maps_[1-9]*.png", name);
}

}  // namespace nextframe
