#include "core/train/rain_output.h"

#include <string>

#include "core/base/error.h"
#include "core/metrics/neighbourhood.h"

namespace nextframe {
namespace {

/// "0p5" for 0.5: a name of a variable holds no dot.
std::string name_of(double threshold) {
  std::string text = format("{:g}", threshold);
  for (char& c : text) c = c == '.' ? 'p' : c;
  return text;
}

RasterLayer amount_layer(const Measurement& measurement) {
  switch (measurement.quantity) {
    case Quantity::kReflectivity:
      return {.name = "reflectivity",
              .unit = "dBZ",
              .notes = {{.name = "standard_name", .text = "equivalent_reflectivity_factor"},
                        {.name = "long_name", .text = "forecast radar reflectivity, Z = a R^b"},
                        {.name = "zr_a", .number = measurement.relation.a},
                        {.name = "zr_b", .number = measurement.relation.b}}};
    case Quantity::kAccumulation:
      return {.name = "rainfall_amount",
              .unit = "mm",
              .notes = {{.name = "standard_name", .text = "thickness_of_rainfall_amount"},
                        {.name = "long_name", .text = "forecast rain until the time, from the one before"}}};
    case Quantity::kRate:
    case Quantity::kNone:
      break;
  }
  return {.name = "rainfall_rate",
          .unit = "mm h-1",
          .notes = {{.name = "standard_name", .text = "rainfall_rate"},
                    {.name = "long_name", .text = "forecast rain rate"}}};
}

}  // namespace

RainOutput::RainOutput(const RainOutputOptions& options, const SourceInfo& source)
    : options_(options), read_(source.measurement), written_(source.measurement) {
  if (read_.quantity == Quantity::kNone) {
    reject("[output] {}: its pixels are no measure of rain, so no unit of rain can be written", source.name);
  }
  written_.quantity = options.quantity;
  if (written_.quantity == Quantity::kAccumulation && written_.interval_seconds <= 0) {
    written_.interval_seconds = options.step_seconds;
    if (options.step_seconds <= 0) {
      reject("[output] {}: has no time step, so no accumulation can be written; write mm/h", source.name);
    }
  }
}

std::vector<RasterLayer> RainOutput::layers() const {
  std::vector<RasterLayer> layers{amount_layer(written_)};
  for (const double threshold : options_.thresholds) {
    layers.push_back({.name = "probability_ge_" + name_of(threshold),
                      .unit = "1",
                      .notes = {{.name = "long_name",
                                 .text = format("share of the pixels within {:g} km with at least {:g} mm/h",
                                                options_.radius_km, threshold)},
                                {.name = "threshold", .number = threshold},
                                {.name = "threshold_units", .text = "mm h-1"},
                                {.name = "radius_km", .number = options_.radius_km}}});
  }
  return layers;
}

Frame RainOutput::convert(const Frame& frame) const {
  const std::size_t area = static_cast<std::size_t>(frame.area()), channels = 1 + options_.thresholds.size();
  const auto stride = static_cast<std::size_t>(frame.channels);
  Frame result = frame;
  result.channels = static_cast<std::int64_t>(channels);
  result.pixels.assign(area * channels, 0);
  std::vector<float> rates(options_.thresholds.empty() ? 0 : area);
  for (std::size_t i = 0; i < area; ++i) {
    const float pixel = frame.pixels[i * stride];
    const double rate = read_.to_rate(pixel);
    result.pixels[i * channels] = read_ == written_ ? pixel : static_cast<float>(written_.from_rate(rate));
    if (!rates.empty()) rates[i] = static_cast<float>(rate);
  }
  if (rates.empty()) return result;
  const Neighbourhood around(
      frame.mask.empty() ? nullptr : frame.mask.data(), frame.height, frame.width,
      {.rows = options_.radius_km / options_.pixel_km[0], .columns = options_.radius_km / options_.pixel_km[1]});
  for (std::size_t k = 0; k + 1 < channels; ++k) {
    const std::vector<float> shares = around.exceedance(rates.data(), 1, options_.thresholds[k]);
    for (std::size_t i = 0; i < area; ++i) result.pixels[i * channels + 1 + k] = shares[i];
  }
  return result;
}

}  // namespace nextframe
