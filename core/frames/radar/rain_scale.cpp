#include "core/frames/radar/rain_scale.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace nextframe {
namespace {

double transformed(double rate, const RainOptions& options) {
  switch (options.unit) {
    case RainUnit::kDbz:
      return options.relation.decibels(rate);
    case RainUnit::kDbr:
      return 10 * std::log10(rate);
    case RainUnit::kSqrtRate:
      return std::sqrt(rate);
    case RainUnit::kLogRate:
      return std::log1p(rate);
    case RainUnit::kRate:
    case RainUnit::kAuto:
    case RainUnit::kSource:
      break;
  }
  return rate;
}

double inverse(double value, const RainOptions& options) {
  switch (options.unit) {
    case RainUnit::kDbz:
      return options.relation.rate(value);
    case RainUnit::kDbr:
      return std::pow(10, value / 10);
    case RainUnit::kSqrtRate:
      return value * value;
    case RainUnit::kLogRate:
      return std::expm1(value);
    case RainUnit::kRate:
    case RainUnit::kAuto:
    case RainUnit::kSource:
      break;
  }
  return value;
}

}  // namespace

RainScale::RainScale(const RainOptions& options) : options_(options) {
  const bool logarithmic = options.unit == RainUnit::kDbz || options.unit == RainUnit::kDbr;
  if (logarithmic && !(options.floor > 0)) {
    reject("[data.rain.floor] is 0 mm/h, which has no logarithm; expected more, such as 0.1, with {}",
           unit_name(options.unit));
  }
  if (!(options.ceiling > options.floor)) {
    reject("[data.rain.ceiling] is {} mm/h, the floor {} mm/h; expected a ceiling above the floor", options.ceiling,
           options.floor);
  }
  low_ = transformed(options.floor, options_);
  high_ = transformed(options.ceiling, options_);
}

double RainScale::from_rate(double rate) const {
  if (!(rate > options_.floor)) return low_;
  return transformed(std::min(rate, options_.ceiling), options_);
}

double RainScale::to_rate(double value) const { return value > low_ ? inverse(value, options_) : 0; }

std::optional<RainScale> rain_scale_for(const RainOptions& options, const Measurement& measurement,
                                        const std::string& name) {
  const bool measures = measurement.quantity != Quantity::kNone;
  if (options.unit == RainUnit::kSource || (options.unit == RainUnit::kAuto && !measures)) return std::nullopt;
  if (!measures) {
    reject(
        "[data.unit] {}: its pixels are numbers without a unit, which cannot become {}; expected radar, or \"source\"",
        name, unit_name(options.unit));
  }
  RainOptions chosen = options;
  if (chosen.unit == RainUnit::kAuto) chosen.unit = RainUnit::kDbr;
  return RainScale(chosen);
}

std::string_view unit_name(RainUnit unit) {
  switch (unit) {
    case RainUnit::kDbz:
      return "dBZ";
    case RainUnit::kDbr:
      return "dBR";
    case RainUnit::kSqrtRate:
      return "sqrt(mm/h)";
    case RainUnit::kLogRate:
      return "ln(1 + mm/h)";
    case RainUnit::kRate:
      return "mm/h";
    case RainUnit::kAuto:
    case RainUnit::kSource:
      break;
  }
  return "pixel value";
}

}  // namespace nextframe
