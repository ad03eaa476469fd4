#include "core/frames/radar/quantity.h"

#include <algorithm>
#include <cmath>

namespace nextframe {
namespace {

constexpr double kSecondsPerHour = 3600;

}  // namespace

std::string_view unit_of(Quantity quantity) {
  switch (quantity) {
    case Quantity::kReflectivity:
      return "dBZ";
    case Quantity::kRate:
      return "mm/h";
    case Quantity::kAccumulation:
      return "mm";
    case Quantity::kNone:
      break;
  }
  return "pixel value";
}

double ZRelation::decibels(double rate) const { return 10 * (std::log10(a) + b * std::log10(rate)); }

double ZRelation::rate(double decibels) const { return std::pow(std::pow(10, decibels / 10) / a, 1 / b); }

double dbz_to_rate(double dbz, const ZRelation& relation) { return dbz > kNoEchoDbz ? relation.rate(dbz) : 0; }

double rate_to_dbz(double rate, const ZRelation& relation) {
  if (!(rate > 0)) return kNoEchoDbz;
  return std::max(kNoEchoDbz, relation.decibels(rate));
}

double Measurement::to_rate(double value) const {
  switch (quantity) {
    case Quantity::kReflectivity:
      return dbz_to_rate(value, relation);
    case Quantity::kAccumulation:
      return std::max(0.0, value) * kSecondsPerHour / interval_seconds;
    case Quantity::kRate:
    case Quantity::kNone:
      break;
  }
  return std::max(0.0, value);
}

double Measurement::from_rate(double rate) const {
  switch (quantity) {
    case Quantity::kReflectivity:
      return rate_to_dbz(rate, relation);
    case Quantity::kAccumulation:
      return std::max(0.0, rate) * interval_seconds / kSecondsPerHour;
    case Quantity::kRate:
    case Quantity::kNone:
      break;
  }
  return std::max(0.0, rate);
}

}  // namespace nextframe
