#include "app/commands/evaluation_report.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "app/output.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/metrics/bootstrap.h"
#include "core/metrics/metric_table.h"

namespace nextframe::app {
namespace {

using Cells = std::vector<std::string>;

std::string number(double value) { return std::isfinite(value) ? format("{:.5g}", value) : "-"; }

/// "12.5 min", "0.4 s".
std::string duration(double seconds) {
  return seconds >= 60 ? format("{:.3g} min", seconds / 60) : format("{:.3g} s", seconds);
}

/// One column of the table per lead time.
struct Column {
  std::string title;
  Cells cells;
};

/// Behind its value.
std::string in_row(const std::optional<Interval>& interval) {
  return interval ? " " + bounds_text(interval) : std::string();
}

/// By lead time, and the mean.
Cells cells_of(const MetricScores& scores, const Evaluation& evaluation) {
  Cells cells;
  for (std::size_t lead = 0; lead < scores.by_lead_time.size(); ++lead) {
    cells.push_back(number_of(scores.by_lead_time[lead], scores, evaluation));
    if (!scores.intervals.empty()) cells.back() += in_row(scores.intervals[lead]);
  }
  cells.push_back(number_of(scores.mean, scores, evaluation) + in_row(scores.mean_interval));
  return cells;
}

std::vector<Column> columns_of(const Evaluation& evaluation) {
  std::vector<Column> columns;
  for (std::size_t m = 0; m < evaluation.forecasters.front().metrics.size(); ++m) {
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores& scores = forecaster.metrics[m];
      columns.push_back({label_of(scores, evaluation) + " " + forecaster.name, cells_of(scores, evaluation)});
    }
  }
  return columns;
}

std::vector<Column> leading_columns(const Evaluation& evaluation) {
  std::vector<Column> columns{{"lead time", {}}, {"pixels", {}}};
  double pixels = 0;
  for (std::int64_t lead = 1; lead <= evaluation.horizon; ++lead) {
    const double seconds = evaluation.seconds_per_frame * static_cast<double>(lead);
    columns[0].cells.push_back(seconds > 0 ? format("+{} ({})", lead, duration(seconds)) : format("+{}", lead));
    const auto valid = static_cast<double>(evaluation.valid_pixels[static_cast<std::size_t>(lead - 1)]);
    columns[1].cells.push_back(with_thousands(valid));
    pixels += valid;
  }
  columns[0].cells.emplace_back("mean");
  columns[1].cells.push_back(
      with_thousands(pixels / static_cast<double>(std::max<std::int64_t>(1, evaluation.horizon))));
  return columns;
}

std::string table_of(const std::vector<Column>& columns) {
  std::vector<Cells> rows(columns.front().cells.size() + 1);
  for (const Column& column : columns) {
    rows[0].push_back(column.title);
    for (std::size_t i = 0; i < column.cells.size(); ++i) rows[i + 1].push_back(column.cells[i]);
  }
  return aligned_table(rows);
}

/// A table for each score under its name, a column for each forecaster.
std::string table_for_each_score(const Evaluation& evaluation) {
  std::string out;
  for (std::size_t m = 0; m < evaluation.forecasters.front().metrics.size(); ++m) {
    std::vector<Column> columns = leading_columns(evaluation);
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      columns.push_back({forecaster.name, cells_of(forecaster.metrics[m], evaluation)});
    }
    out += (m > 0 ? "\n" : "") + label_of(evaluation.forecasters.front().metrics[m], evaluation) + "\n" +
           table_of(columns);
  }
  return out;
}

/// As many tables as it takes to stay within the terminal; all columns of one score stay together where they fit.
std::string tables_of(const Evaluation& evaluation, std::size_t width) {
  const std::size_t together = evaluation.forecasters.size();
  if (together > 2) return table_for_each_score(evaluation);
  const std::vector<Column> columns = columns_of(evaluation);
  std::string out;
  std::vector<Column> page = leading_columns(evaluation);
  for (std::size_t i = 0; i < columns.size(); i += together) {
    std::vector<Column> wider = page;
    wider.insert(wider.end(), columns.begin() + static_cast<std::ptrdiff_t>(i),
                 columns.begin() + static_cast<std::ptrdiff_t>(i + together));
    const std::string table = table_of(wider);
    if (page.size() > 2 && table.find('\n') > width) {
      out += table_of(page) + "\n";
      page = leading_columns(evaluation);
      i -= together;
      continue;
    }
    page = std::move(wider);
  }
  return out + table_of(page);
}

Cells with_names(const std::string& first, const Evaluation& evaluation) {
  Cells cells{first};
  for (const ForecasterScores& forecaster : evaluation.forecasters) cells.push_back(forecaster.name);
  return cells;
}

/// Every score's mean over the lead times, a row each: what the tables above come to.
std::string means_table(const Evaluation& evaluation) {
  const std::vector<MetricScores>& metrics = evaluation.forecasters.front().metrics;
  if (metrics.size() < 2) return "";
  std::vector<Cells> rows{with_names("mean over lead times", evaluation)};
  for (std::size_t m = 0; m < metrics.size(); ++m) {
    Cells& row = rows.emplace_back(Cells{label_of(metrics[m], evaluation)});
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores& own = forecaster.metrics[m];
      row.push_back(number_of(own.mean, own, evaluation) + in_row(own.mean_interval));
    }
  }
  return "\n" + aligned_table(rows);
}

std::string threshold_text(double threshold, const Evaluation& evaluation) {
  return format(">= {:g}{}{}", threshold, evaluation.units.empty() ? "" : " ", evaluation.units);
}

/// The thresholds at which events were counted by pixels, each with one row of scores to read the counts from.
std::vector<const MetricScores*> counted_thresholds(const ForecasterScores& forecaster) {
  std::vector<const MetricScores*> rows;
  for (const MetricScores& scores : forecaster.metrics) {
    if (scores.counts.empty() || find_metric(scores.metric).pool != 1) continue;
    const bool known = std::any_of(rows.begin(), rows.end(),
                                   [&](const MetricScores* row) { return row->threshold == scores.threshold; });
    if (!known) rows.push_back(&scores);
  }
  return rows;
}

Contingency total_of(const MetricScores& scores) {
  Contingency total;
  for (const Contingency& counts : scores.counts) total += counts;
  return total;
}

/// What the scores of events rest on: without any, they are missing.
std::string events_table(const Evaluation& evaluation) {
  const std::vector<const MetricScores*> thresholds = counted_thresholds(evaluation.forecasters.front());
  if (thresholds.empty()) return "";
  std::vector<Cells> rows{with_names("pixels of all lead times", evaluation)};
  rows.front().insert(rows.front().begin() + 1, {"valid", "observed"});
  for (const MetricScores* first : thresholds) {
    const Contingency seen = total_of(*first);
    Cells& row = rows.emplace_back(Cells{threshold_text(*first->threshold, evaluation),
                                         with_thousands(static_cast<double>(seen.total())),
                                         with_thousands(static_cast<double>(seen.observed()))});
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores* own = forecaster.find(first->metric, first->threshold);
      row.push_back(with_thousands(static_cast<double>(total_of(*own).forecast())));
    }
  }
  return "\nEvents, observed and forecast (a score that nothing could be counted for is \"-\" and left out of "
         "means):\n" +
         aligned_table(rows);
}

std::string until_text(double leads, const Evaluation& evaluation) {
  const bool never_below = leads >= static_cast<double>(evaluation.horizon);
  const std::string length =
      evaluation.seconds_per_frame > 0 ? duration(leads * evaluation.seconds_per_frame) : format("+{:.3g}", leads);
  return leads <= 0 ? "-" : never_below ? "at least " + length : length;
}

std::string skill_table(const Evaluation& evaluation, double level) {
  std::vector<Cells> rows{with_names("threshold", evaluation)};
  for (const MetricScores& first : evaluation.forecasters.front().metrics) {
    if (first.metric != "csi") continue;
    Cells& row = rows.emplace_back(Cells{threshold_text(*first.threshold, evaluation)});
    for (const ForecasterScores& forecaster : evaluation.forecasters) {
      const MetricScores* own = forecaster.find("csi", first.threshold);
      row.push_back(until_text(lead_time_above(own->by_lead_time, level), evaluation));
    }
  }
  if (rows.size() == 1) return "";
  return format("\nLead time until which the CSI stays at or above {:g}:\n", level) + aligned_table(rows);
}

/// Power of the forecast / power of the truth over all waves from `shortest` pixels to less than twice as many.
double power_share(const SpectrumCurve& curve, double shortest) {
  double forecast = 0;
  double truth = 0;
  for (std::size_t i = 0; i < curve.wavelength.size(); ++i) {
    if (curve.wavelength[i] < shortest || curve.wavelength[i] >= 2 * shortest) continue;
    // A ring holds as many waves as its wave number, its place from 1.
    forecast += static_cast<double>(i + 1) * curve.forecast[i];
    truth += static_cast<double>(i + 1) * curve.truth[i];
  }
  return truth > 0 ? forecast / truth : std::nan("");
}

/// By octaves of the wavelength, at the last lead time.
std::string power_table(const Evaluation& evaluation, const EvaluationCurves& curves) {
  std::vector<const SpectrumCurve*> last;
  for (const SpectrumCurve& curve : curves.spectra) {
    if (curve.lead_time == evaluation.horizon && curve.frames > 0) last.push_back(&curve);
  }
  if (last.empty()) return "";
  std::vector<Cells> rows{{"wavelength (px)"}};
  for (const SpectrumCurve* curve : last) rows.front().push_back(curve->forecaster);
  for (double shortest = 2; shortest <= last.front()->wavelength.front(); shortest *= 2) {
    Cells& row = rows.emplace_back(Cells{format("{:g} to {:g}", shortest, 2 * shortest)});
    for (const SpectrumCurve* curve : last) row.push_back(number(power_share(*curve, shortest)));
  }
  return format("\nPower at lead time +{} as a share of the truth's (below 1: smoother):\n", evaluation.horizon) +
         aligned_table(rows);
}

/// `decimals` of the figures.
std::string interval_text(const Gain& gain, int decimals, const std::string& units) {
  if (!std::isfinite(gain.low)) return ", too few for an interval";
  const std::string out =
      format(", 95 % interval {:+.{}f} to {:+.{}f}{}", gain.low, decimals, gain.high, decimals, units);
  const std::string narrow = narrow_text(gain.block, gain.whole_block);
  return out + (narrow.empty() ? "" : "; ") + narrow;
}

/// Where the best and the worst sequences are, with everybody's score on them.
std::string sequences_table(const Findings& found) {
  const Gallery& gallery = found.gallery;
  if (gallery.best.empty() && gallery.worst.empty()) return "";
  std::vector<Cells> rows{with_names("sequences by " + gallery.score, found.evaluation)};
  rows.front().insert(rows.front().begin() + 1, "where");
  const auto add = [&](const char* name, const std::vector<GallerySequence>& sequences) {
    for (const GallerySequence& one : sequences) {
      Cells& row = rows.emplace_back(Cells{name, place_text(one.place)});
      for (const double score : one.scores) row.push_back(number(score));
    }
  };
  add("best", gallery.best);
  add("worst", gallery.worst);
  return "\n" + aligned_table(rows);
}

}  // namespace

std::string label_of(const MetricScores& scores, const Evaluation& evaluation) {
  const std::string units = units_of(scores, evaluation);
  return scores.label() + (units.empty() || units == "dB" ? "" : " (" + units + ")");
}

std::string number_of(double value, const MetricScores& scores, const Evaluation& evaluation) {
  if (!std::isfinite(value)) return "-";
  return units_of(scores, evaluation) == "dB" ? format("{:.2f}", value) : number(value);
}

std::string bounds_text(const std::optional<Interval>& interval) {
  return interval ? format("({:.3g} to {:.3g})", interval->low, interval->high) : std::string();
}

std::string narrow_text(std::int64_t block, std::int64_t whole_block) {
  if (block >= whole_block) return "";
  return format("take it as narrow: the sequences overlap, and the recording is too short for {} blocks of {}",
                kFewestBlocks, whole_block);
}

bool has_intervals(const Evaluation& evaluation) {
  return std::ranges::any_of(evaluation.forecasters, [](const ForecasterScores& forecaster) {
    return std::ranges::any_of(forecaster.metrics,
                               [](const MetricScores& scores) { return scores.mean_interval.has_value(); });
  });
}

std::string sequences_text(std::int64_t count) {
  return format("{} sequence{}", with_thousands(static_cast<double>(count)), count == 1 ? "" : "s");
}

std::string place_text(const SequencePlace& place) {
  return place.last_seen == kNoTime ? place.title : place.title + ", from " + format_time(place.last_seen);
}

std::vector<std::string> gain_sentences(const Evaluation& evaluation) {
  std::vector<std::string> sentences;
  const bool asked = evaluation.forecasters.front().find("psnr", {}) != nullptr;
  if (asked && evaluation.gain && std::isfinite(evaluation.gain->mean)) {
    const PsnrGain& gain = *evaluation.gain;
    sentences.push_back(format("PSNR gain over persistence: {:+.2f} dB over {}{}{}", gain.mean,
                               sequences_text(gain.sequences), interval_text(gain, 2, " dB"),
                               gain.left_out > 0 ? format("; {} left out", gain.left_out) : ""));
  }
  for (const CsiGain& gain : evaluation.csi_gains) {
    if (!std::isfinite(gain.mean)) continue;
    sentences.push_back(format("CSI gain of {} over {} at {}: {:+.4f}, mean over lead times, over {}{}", gain.of,
                               gain.over, threshold_text(gain.threshold, evaluation), gain.mean,
                               sequences_text(gain.sequences), interval_text(gain, 4, "")));
  }
  return sentences;
}

std::string units_of(const MetricScores& scores, const Evaluation& evaluation) {
  const std::string_view units = find_metric(scores.metric).units;
  return units == kUnitsOfValues ? evaluation.units : std::string(units);
}

std::string report_text(const Findings& found, const ReportOptions& options) {
  const Evaluation& evaluation = found.evaluation;
  std::string out = format("{} on {}: {} of {} frames\n\n", evaluation.name, evaluation.data,
                           sequences_text(evaluation.sequences), evaluation.horizon);
  out += tables_of(evaluation, options.width);
  out += events_table(evaluation);
  out += skill_table(evaluation, options.csi_level);
  out += power_table(evaluation, found.curves);
  out += means_table(evaluation);
  if (has_intervals(evaluation)) {
    out += "In brackets: the 95 % interval of a bootstrap over the sequences";
    if (evaluation.whole_block > 1) out += format(", {} neighbours drawn together", evaluation.block);
    const std::string narrow = narrow_text(evaluation.block, evaluation.whole_block);
    out += (narrow.empty() ? "" : "; ") + narrow + ".\n";
  }
  const std::vector<std::string> gains = gain_sentences(evaluation);
  if (!gains.empty()) out += "\n" + join(gains, "\n") + "\n";
  return out + sequences_table(found);
}

}  // namespace nextframe::app
