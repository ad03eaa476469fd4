#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "core/frames/data_set.h"
#include "core/frames/frame_source.h"
#include "core/frames/radar/rain_survey.h"
#include "core/json/value.h"

namespace nextframe::app {

/// What `inspect` says of a recording of rain.
struct RadarReport {
  SourceInfo info;  ///< as its source gives it
  RainSurvey survey;
};

/// Reads the whole source, which measures rain; `observe` is called after every frame and may throw.
RadarReport survey_radar(FrameSource& source, const std::function<void(std::int64_t frames)>& observe);

/// The same of a recorded clip of a data set, as its cache holds it: at the size and within the limits of data.rain.
RadarReport survey_radar(const DataSet& data, std::int64_t clip,
                         const std::function<void(std::int64_t frames)>& observe);

/// Whether the clips of a data set measure rain.
bool holds_rain(const DataSet& data);

std::string radar_text(const RadarReport& report);
json::Value radar_json(const RadarReport& report);

/// The wettest field as a map, and the share of rain over the time, as PNG.
void plot_radar(const std::string& path, const RadarReport& report);

}  // namespace nextframe::app
