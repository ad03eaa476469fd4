#include <cmath>
#include <optional>

#include "app/commands/evaluation_report.h"
#include "core/base/format.h"
#include "core/metrics/metric_table.h"

namespace nextframe::app {
namespace {

json::Value array_of(const std::vector<double>& values) {
  json::Value array = json::Value::array();
  for (const double value : values) array.push_back(json::Value::number_or_null(value));
  return array;
}

json::Value array_of(const std::vector<std::int64_t>& values) {
  json::Value array = json::Value::array();
  for (const std::int64_t value : values) array.push_back(value);
  return array;
}

/// "low" and "high", null where there is no interval.
void set_bounds(json::Value& row, const std::optional<Interval>& interval) {
  row.set("low", json::Value::number_or_null(interval ? interval->low : std::nan("")));
  row.set("high", json::Value::number_or_null(interval ? interval->high : std::nan("")));
}

/// 95 %, of the mean and by lead time.
json::Value interval_json(const MetricScores& scores) {
  json::Value out = json::Value::object();
  out.set("confidence", 0.95);
  json::Value mean = json::Value::object();
  set_bounds(mean, scores.mean_interval);
  out.set("mean", std::move(mean));
  json::Value leads = json::Value::array();
  for (const std::optional<Interval>& interval : scores.intervals) {
    json::Value lead = json::Value::object();
    set_bounds(lead, interval);
    leads.push_back(std::move(lead));
  }
  out.set("by_lead_time", std::move(leads));
  return out;
}

json::Value to_json(const MetricScores& scores, const Evaluation& evaluation, const ReportOptions& options) {
  json::Value row = json::Value::object();
  if (scores.threshold) row.set("threshold", *scores.threshold);
  if (scores.window) row.set("window", *scores.window);
  row.set("mean", json::Value::number_or_null(scores.mean));
  row.set("by_lead_time", array_of(scores.by_lead_time));
  if (!scores.intervals.empty()) row.set("interval", interval_json(scores));
  if (scores.beyond_first) {
    json::Value difference = json::Value::object();
    difference.set("mean", json::Value::number_or_null(scores.beyond_first->mean));
    set_bounds(difference, scores.beyond_first->interval);
    row.set("minus_first", std::move(difference));
  }
  if (!scores.frames.empty()) row.set("frames", array_of(scores.frames));
  if (!scores.counts.empty()) {
    json::Value counts = json::Value::array();
    for (const Contingency& one : scores.counts) {
      json::Value lead = json::Value::object();
      lead.set("hits", one.hits);
      lead.set("false_alarms", one.false_alarms);
      lead.set("misses", one.misses);
      lead.set("correct_negatives", one.correct_negatives);
      counts.push_back(std::move(lead));
    }
    row.set("counts", std::move(counts));
  }
  if (scores.metric == "csi") {
    const double leads = lead_time_above(scores.by_lead_time, options.csi_level);
    row.set("lead_times_above", leads);
    if (evaluation.seconds_per_frame > 0) row.set("seconds_above", leads * evaluation.seconds_per_frame);
  }
  return row;
}

json::Value to_json(const Gain& gain) {
  json::Value out = json::Value::object();
  out.set("mean", json::Value::number_or_null(gain.mean));
  out.set("low", json::Value::number_or_null(gain.low));
  out.set("high", json::Value::number_or_null(gain.high));
  out.set("block", gain.block);
  out.set("whole_block", gain.whole_block);
  out.set("sequences", gain.sequences);
  return out;
}

json::Value spectra_json(const EvaluationCurves& curves) {
  json::Value out = json::Value::array();
  for (const SpectrumCurve& curve : curves.spectra) {
    json::Value row = json::Value::object();
    row.set("forecaster", curve.forecaster);
    row.set("lead_time", curve.lead_time);
    row.set("frames", curve.frames);
    row.set("wavelength_pixels", array_of(curve.wavelength));
    row.set("forecast", array_of(curve.forecast));
    row.set("truth", array_of(curve.truth));
    out.push_back(std::move(row));
  }
  return out;
}

json::Value reliability_json(const EvaluationCurves& curves) {
  json::Value out = json::Value::array();
  for (const ReliabilityCurve& curve : curves.reliability) {
    json::Value bins = json::Value::array();
    for (const ReliabilityBin& bin : curve.bins) {
      json::Value one = json::Value::object();
      one.set("count", bin.count);
      one.set("forecast", json::Value::number_or_null(bin.count > 0 ? bin.forecast_frequency() : std::nan("")));
      one.set("observed", json::Value::number_or_null(bin.count > 0 ? bin.observed_frequency() : std::nan("")));
      bins.push_back(std::move(one));
    }
    json::Value row = json::Value::object();
    row.set("forecaster", curve.forecaster);
    row.set("threshold", curve.threshold);
    row.set("window", curve.window);
    row.set("bins", std::move(bins));
    out.push_back(std::move(row));
  }
  return out;
}

json::Value gallery_json(const Findings& found) {
  const auto list_of_sequences = [&](const std::vector<GallerySequence>& sequences) {
    json::Value list = json::Value::array();
    for (const GallerySequence& one : sequences) {
      json::Value row = json::Value::object();
      row.set("sequence", one.number);
      row.set("where", one.place.title);
      if (one.place.last_seen != kNoTime) row.set("from", format_time(one.place.last_seen));
      json::Value scores = json::Value::object();
      for (std::size_t i = 0; i < one.scores.size(); ++i) {
        scores.set(found.evaluation.forecasters[i].name, json::Value::number_or_null(one.scores[i]));
      }
      row.set("scores", std::move(scores));
      list.push_back(std::move(row));
    }
    return list;
  };
  json::Value out = json::Value::object();
  out.set("by", found.gallery.score);
  out.set("best", list_of_sequences(found.gallery.best));
  out.set("worst", list_of_sequences(found.gallery.worst));
  return out;
}

/// Quoted where a comma, a quote or a line break would end it.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_number(double value) { return std::isfinite(value) ? format("{:.9g}", value) : ""; }

std::string csv_bounds(const std::optional<Interval>& interval) {
  if (!interval) return ",,\n";
  return format(",{},{}\n", csv_number(interval->low), csv_number(interval->high));
}

}  // namespace

json::Value report_json(const Findings& found, const ReportOptions& options) {
  const Evaluation& evaluation = found.evaluation;
  const EvaluationCurves& curves = found.curves;
  json::Value out = json::Value::object();
  out.set("name", evaluation.name);
  out.set("data", evaluation.data);
  out.set("units", evaluation.units);
  out.set("sequences", evaluation.sequences);
  out.set("horizon", evaluation.horizon);
  out.set("seconds_per_frame", evaluation.seconds_per_frame);
  out.set("block", evaluation.block);
  out.set("whole_block", evaluation.whole_block);
  out.set("valid_pixels", array_of(evaluation.valid_pixels));
  out.set("csi_level", options.csi_level);
  json::Value forecasters = json::Value::array();
  for (const ForecasterScores& forecaster : evaluation.forecasters) {
    json::Value metrics = json::Value::object();
    for (const MetricScores& scores : forecaster.metrics) {
      metrics.set(scores.label(), to_json(scores, evaluation, options));
    }
    json::Value row = json::Value::object();
    row.set("name", forecaster.name);
    row.set("metrics", std::move(metrics));
    forecasters.push_back(std::move(row));
  }
  out.set("forecasters", std::move(forecasters));
  if (evaluation.gain) {
    json::Value gain = to_json(*evaluation.gain);
    gain.set("left_out", evaluation.gain->left_out);
    out.set("psnr_gain", std::move(gain));
  }
  json::Value gains = json::Value::array();
  for (const CsiGain& one : evaluation.csi_gains) {
    json::Value gain = to_json(one);
    gain.set("of", one.of);
    gain.set("over", one.over);
    gain.set("threshold", one.threshold);
    gains.push_back(std::move(gain));
  }
  if (!evaluation.csi_gains.empty()) out.set("csi_gains", std::move(gains));
  if (!curves.spectra.empty()) out.set("rapsd", spectra_json(curves));
  if (!curves.reliability.empty()) out.set("reliability", reliability_json(curves));
  out.set("sequences_shown", gallery_json(found));
  return out;
}

std::string report_csv(const Evaluation& evaluation) {
  std::string out =
      "forecaster,score,threshold,window,units,lead_time,seconds,value,frames,hits,false_alarms,misses,"
      "correct_negatives,low,high\n";
  for (const ForecasterScores& forecaster : evaluation.forecasters) {
    for (const MetricScores& scores : forecaster.metrics) {
      const std::string start =
          format("{},{},{},{},{},", csv_cell(forecaster.name), scores.metric,
                 scores.threshold ? csv_number(*scores.threshold) : "",
                 scores.window ? format("{}", *scores.window) : std::string(), csv_cell(units_of(scores, evaluation)));
      for (std::size_t lead = 0; lead < scores.by_lead_time.size(); ++lead) {
        const double seconds = evaluation.seconds_per_frame * static_cast<double>(lead + 1);
        out += start + format("{},{},{},{},", lead + 1, seconds > 0 ? csv_number(seconds) : "",
                              csv_number(scores.by_lead_time[lead]),
                              scores.frames.empty() ? std::string() : format("{}", scores.frames[lead]));
        if (scores.counts.empty()) {
          out += ",,,";
        } else {
          const Contingency& c = scores.counts[lead];
          out += format("{},{},{},{}", c.hits, c.false_alarms, c.misses, c.correct_negatives);
        }
        out += csv_bounds(scores.intervals.empty() ? std::nullopt : scores.intervals[lead]);
      }
      out += start + format("mean,,{},,,,,", csv_number(scores.mean)) + csv_bounds(scores.mean_interval);
    }
  }
  return out;
}

}  // namespace nextframe::app
