#include "core/render/axis.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/format.h"

namespace nextframe {
namespace {

/// The smallest of 1, 2, 5 times a power of ten that is not below `step`.
double nice_step(double step) {
  const double power = std::pow(10.0, std::floor(std::log10(step)));
  const double digits = step / power;
  constexpr double kSlack = 1e-9;
  return power * (digits <= 1 + kSlack ? 1 : digits <= 2 + kSlack ? 2 : digits <= 5 + kSlack ? 5 : 10);
}

/// Enough digits to tell neighbours `step` apart; thousands and millions shortened.
std::string tick_label(double value, double step) {
  if (std::abs(value) < step * 1e-6) return "0";
  const double size = std::abs(value);
  if (size < 1e-3 && step < 1e-3) return format("{:.3g}", value);
  if (size >= 1e15) return format("{:.3g}", value);
  double divisor = 1;
  const char* unit = "";
  if (size >= 1e6 && step >= 1e3) {
    divisor = 1e6;
    unit = "M";
  } else if (size >= 1e4) {
    divisor = 1e3;
    unit = "k";
  }
  const double shown_step = step / divisor;
  const int decimals = shown_step >= 1 ? 0 : static_cast<int>(std::ceil(-std::log10(shown_step) - 1e-9));
  std::string text = format("{:.{}f}", value / divisor, decimals);
  if (divisor > 1 && decimals > 0) {
    while (text.back() == '0') text.pop_back();
    if (text.back() == '.') text.pop_back();
  }
  return text + unit;
}

std::string decade_label(double value) {
  if (value >= 9.99e-4 && value < 9999) return format("{:g}", value);
  return format("{:.0e}", value);
}

}  // namespace

bool Axis::can_show(AxisScale scale, double value) {
  return std::isfinite(value) && (scale == AxisScale::kLinear || value > 0);
}

Axis Axis::around(AxisScale scale, std::span<const double> values, double margin) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const double value : values) {
    if (!can_show(scale, value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) return scale == AxisScale::kLinear ? Axis(scale, 0, 1) : Axis(scale, 0.1, 1);
  if (scale == AxisScale::kLogarithmic) {
    const double span = std::max(std::log(high / low), 0.05);
    const double wider = margin > 0 || low == high ? std::exp(span * std::max(margin, 0.01)) : 1;
    return Axis(scale, low / wider, high * wider);
  }
  const double span = high > low ? high - low : std::max(std::abs(high) * 0.1, 1e-6);
  const double wider = high > low ? span * margin : span;
  return Axis(scale, low - wider, high + wider);
}

double Axis::position(double value) const {
  if (scale_ == AxisScale::kLogarithmic) return std::log(value / low_) / std::log(high_ / low_);
  return (value - low_) / (high_ - low_);
}

std::vector<Tick> Axis::ticks(int wanted) const {
  const bool spans_a_decade = scale_ == AxisScale::kLogarithmic && high_ / low_ >= 8;
  return spans_a_decade ? decade_ticks(wanted) : linear_ticks(wanted);
}

std::vector<Tick> Axis::linear_ticks(int wanted) const {
  double step = nice_step((high_ - low_) / std::max(1, wanted));
  // Rounding up can leave two numbers, too few to read values off.
  constexpr double kFewest = 3;
  if (std::floor(high_ / step) - std::ceil(low_ / step) + 1 < std::min<double>(kFewest, wanted))
    step = nice_step(step / 2.5);
  std::vector<Tick> ticks;
  const double slack = step * 1e-6;
  for (double n = std::ceil((low_ - slack) / step); n * step <= high_ + slack && ticks.size() < 100; ++n) {
    ticks.push_back({n * step, tick_label(n * step, step)});
  }
  return ticks;
}

std::vector<Tick> Axis::decade_ticks(int wanted) const {
  const int first = static_cast<int>(std::floor(std::log10(low_))),
            last = static_cast<int>(std::ceil(std::log10(high_)));
  const double decades = std::log10(high_ / low_);
  const int every = std::max(1, static_cast<int>(std::ceil(decades / std::max(1, wanted))));
  const bool number_parts = decades <= 2.5 && wanted >= 4;
  std::vector<Tick> ticks;
  for (int exponent = first; exponent <= last; ++exponent) {
    for (int digit = 1; digit < 10; ++digit) {
      const double value = digit * std::pow(10.0, exponent);
      if (value < low_ * (1 - 1e-9) || value > high_ * (1 + 1e-9)) continue;
      const bool numbered = digit == 1 ? exponent % every == 0 : number_parts && (digit == 2 || digit == 5);
      if (!numbered && (every > 1 || decades > 6)) continue;
      ticks.push_back({value, numbered ? decade_label(value) : ""});
    }
  }
  return ticks;
}

}  // namespace nextframe
