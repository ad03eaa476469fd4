#include "app/commands/inspect_radar.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/output.h"
#include "core/base/format.h"
#include "core/base/text.h"
#include "core/frames/preprocessing.h"
#include "core/frames/radar/product.h"
#include "core/frames/radar/raster_file.h"
#include "core/json/fields.h"
#include "core/render/rain_map.h"

namespace nextframe::app {
namespace {

constexpr std::size_t kMostLines = 8;

std::string percent(double share) {
  if (share > 0 && share < 1e-4) return "less than 0.01 %";
  return format("{:.3g} %", 100 * share);
}

std::string step_text(double seconds) {
  if (seconds <= 0) return "not known";
  return seconds >= 60 ? format("{:g} min", seconds / 60) : format("{:g} s", seconds);
}

std::string period_text(const RainSurvey& survey) {
  const std::vector<RainMoment>& moments = survey.moments();
  if (moments.empty() || moments.front().time == kNoTime) return "no dates";
  return format_time(moments.front().time) + " to " + format_time(moments.back().time);
}

/// Longitude and latitude of the corners, lower left first, clockwise.
std::array<std::array<double, 2>, 4> corners_of(const SourceInfo& info) {
  const auto& t = info.place.transform;
  const double right = t[0] + t[1] * static_cast<double>(info.width);
  const double lower = t[3] + t[5] * static_cast<double>(info.height);
  const auto at = [&](double x, double y) { return unproject(info.place.projection, x, y); };
  return {at(t[0], lower), at(t[0], t[3]), at(right, t[3]), at(right, lower)};
}

std::string corner_text(const SourceInfo& info) {
  std::vector<std::string> corners;
  for (const auto& [longitude, latitude] : corners_of(info)) {
    corners.push_back(format("({:.5f}, {:.5f})", longitude, latitude));
  }
  return join(corners, " ");
}

/// A line, or the first few of many.
void add_lines(std::vector<std::string>& out, const std::string& name, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < std::min(kMostLines, lines.size()); ++i) out.push_back("  " + name + ": " + lines[i]);
  if (lines.size() > kMostLines) out.push_back(format("  and {} more", lines.size() - kMostLines));
}

std::vector<std::string> gap_lines(const RainSurvey& survey) {
  std::vector<std::string> lines;
  for (const TimeGap& gap : survey.gaps()) lines.push_back(format_time(gap.from) + " to " + format_time(gap.to));
  return lines;
}

/// From the first moment on.
std::vector<double> hours_of(const RainSurvey& survey, double step_seconds) {
  std::vector<double> hours;
  const std::vector<RainMoment>& moments = survey.moments();
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const double seconds = moments[i].time == kNoTime ? static_cast<double>(i) * step_seconds
                                                      : static_cast<double>(moments[i].time - moments.front().time);
    hours.push_back(seconds / 3600);
  }
  return hours;
}

}  // namespace

RadarReport survey_radar(FrameSource& source, const std::function<void(std::int64_t)>& observe) {
  RadarReport report{.info = source.info(), .survey = RainSurvey(source.info().step_seconds())};
  Frame frame;
  std::int64_t frames = 0;
  while (source.next(frame)) {
    to_rates(frame, report.info.measurement);
    report.survey.add(frame);
    observe(++frames);
  }
  return report;
}

bool holds_rain(const DataSet& data) {
  return !data.clips().empty() && data.clips().front().measurement.quantity != Quantity::kNone;
}

RadarReport survey_radar(const DataSet& data, std::int64_t clip, const std::function<void(std::int64_t)>& observe) {
  const ClipSummary& summary = data.clips()[static_cast<std::size_t>(clip)];
  SourceInfo info;
  info.name = summary.name;
  info.height = summary.height;
  info.width = summary.width;
  info.frames_per_second = summary.frames_per_second;
  info.measurement = summary.measurement;
  info.place = summary.place;
  info.attribution = summary.attribution;
  info.product = summary.product;
  info.notes = summary.notes;
  RadarReport report{.info = std::move(info), .survey = RainSurvey(1 / summary.frames_per_second)};
  for (std::int64_t number = 0; number < summary.frames; ++number) {
    Frame frame = data.frame(clip, number);
    if (data.rain_scale()) {
      for (float& value : frame.pixels) value = static_cast<float>(data.rain_scale()->to_rate(value));
    } else {
      to_rates(frame, summary.measurement);
    }
    report.survey.add(frame);
    observe(number + 1);
  }
  return report;
}

std::string radar_text(const RadarReport& report) {
  const SourceInfo& info = report.info;
  const RainSurvey& survey = report.survey;
  const auto frames = static_cast<std::int64_t>(survey.moments().size());
  const auto missing = static_cast<std::int64_t>(survey.problems().size());
  std::vector<std::string> out{info.name};
  if (!info.product.empty()) {
    const Product product = parse_products(info.product, "[product]").front();
    out.push_back(format("product     {}: {}", product.name, product.title));
  }
  if (!info.attribution.empty()) out.push_back("source      " + info.attribution);
  const Measurement& measurement = info.measurement;
  std::string quantity(unit_of(measurement.quantity));
  if (measurement.quantity == Quantity::kAccumulation) quantity += " in " + step_text(measurement.interval_seconds);
  if (measurement.quantity == Quantity::kReflectivity) {
    quantity += format(", Z = {:g} R^{:g}", measurement.relation.a, measurement.relation.b);
  }
  out.push_back("values      " + quantity);
  out.push_back("period      " + period_text(survey));
  out.push_back(
      format("step        {}, {} time steps, {} of them missing", step_text(info.step_seconds()), frames, missing));
  add_lines(out, "missing", survey.problems());
  out.push_back(format("gaps        {}", survey.gaps().empty() ? "none" : std::to_string(survey.gaps().size())));
  add_lines(out, "gap", gap_lines(survey));
  out.push_back(format("grid        {} rows, {} columns", info.height, info.width));
  if (info.place.known()) {
    const auto& t = info.place.transform;
    out.push_back("projection  " + describe_projection(info.place.projection));
    out.push_back(
        format("transform   x = {:.10g} + {:.10g} column, y = {:.10g} + {:.10g} row", t[0], t[1], t[3], t[5]));
    out.push_back("corners     " + corner_text(info) + " (lower left first, clockwise)");
  } else {
    out.push_back("projection  not known");
  }
  const double valid =
      survey.pixels() > 0 ? static_cast<double>(survey.valid_pixels()) / static_cast<double>(survey.pixels()) : 0;
  out.push_back(format("missing     {} of the pixels", percent(1 - valid)));
  std::vector<std::string> shares;
  for (std::size_t k = 0; k < kSurveyRates.size(); ++k) {
    shares.push_back(format("{} at least {:g}", percent(survey.share(k)), kSurveyRates[k]));
  }
  out.push_back(format("rain, mm/h  mean {:.3g}, largest {:.4g}; {} (of the valid pixels)", survey.mean_rate(),
                       survey.largest_rate(), join(shares, ", ")));
  if (!survey.wettest().pixels.empty() && survey.wettest().time != kNoTime) {
    out.push_back("wettest     " + format_time(survey.wettest().time));
  }
  add_lines(out, "left out", info.notes);
  return join(out, "\n") + "\n";
}

json::Value radar_json(const RadarReport& report) {
  const SourceInfo& info = report.info;
  const RainSurvey& survey = report.survey;
  const auto list_of = [](const std::vector<std::string>& lines) {
    json::Value list = json::Value::array();
    for (const std::string& line : lines) list.push_back(line);
    return list;
  };
  json::Value out = json::Value::object();
  out.set("name", info.name);
  if (!info.product.empty()) out.set("product", json::parse(info.product, "product"));
  out.set("attribution", info.attribution);
  out.set("measurement", options_to_json(info.measurement));
  const std::vector<RainMoment>& moments = survey.moments();
  const bool dated = !moments.empty() && moments.front().time != kNoTime;
  out.set("start", dated ? json::Value(format_time(moments.front().time)) : json::Value());
  out.set("end", dated ? json::Value(format_time(moments.back().time)) : json::Value());
  out.set("step_seconds", info.step_seconds());
  out.set("frames", moments.size());
  out.set("missing_frames", list_of(survey.problems()));
  out.set("gaps", list_of(gap_lines(survey)));
  out.set("left_out", list_of(info.notes));
  out.set("height", info.height);
  out.set("width", info.width);
  out.set("place", options_to_json(info.place));
  if (info.place.known()) {
    json::Value corners = json::Value::array();
    for (const auto& [longitude, latitude] : corners_of(info)) {
      json::Value corner = json::Value::array();
      corner.push_back(longitude);
      corner.push_back(latitude);
      corners.push_back(std::move(corner));
    }
    out.set("corners", std::move(corners));
  }
  out.set("pixels", survey.pixels());
  out.set("valid_pixels", survey.valid_pixels());
  out.set("mean_rate", survey.mean_rate());
  out.set("largest_rate", survey.largest_rate());
  json::Value shares = json::Value::object();
  for (std::size_t k = 0; k < kSurveyRates.size(); ++k) shares.set(format("{:g}", kSurveyRates[k]), survey.share(k));
  out.set("share_of_rain", std::move(shares));
  return out;
}

void plot_radar(const std::string& path, const RadarReport& report) {
  const RainSurvey& survey = report.survey;
  const Frame& wettest = survey.wettest();
  const std::string when = wettest.time == kNoTime ? wettest.name : format_time(wettest.time);
  const Picture map = draw_rain_map(wettest, {.title = "most rain: " + when});
  const std::vector<double> hours = hours_of(survey, report.info.step_seconds());
  Figure figure;
  figure.columns = 1;
  Panel rain{.title = "share of the valid pixels, by rain rate", .x_label = "hours", .y_label = "%"};
  for (std::size_t k = 0; k < kSurveyRates.size(); ++k) {
    Series series{.label = format(">= {:g} mm/h", kSurveyRates[k]), .x = hours};
    for (const RainMoment& moment : survey.moments()) {
      series.y.push_back(moment.missing < 1 ? 100 * moment.share[k] : std::nan(""));
    }
    rain.series.push_back(std::move(series));
  }
  Panel missing{
      .title = "missing pixels", .x_label = "hours since " + period_text(survey).substr(0, 20), .y_label = "%"};
  Series series{.x = hours};
  for (const RainMoment& moment : survey.moments()) series.y.push_back(100 * moment.missing);
  missing.series.push_back(std::move(series));
  missing.y_range = {0, 100};
  figure.panels = {std::move(rain), std::move(missing)};
  write_png(path, draw_beside(map, std::move(figure)));
}

}  // namespace nextframe::app
