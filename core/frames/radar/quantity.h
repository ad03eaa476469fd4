#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace nextframe {

/// What a pixel measures.
enum class Quantity {
  kNone,          ///< a picture: numbers without a physical meaning
  kReflectivity,  ///< dBZ
  kRate,          ///< mm/h
  kAccumulation,  ///< mm within an interval
};

constexpr auto enum_names(Quantity) {
  return std::array<std::pair<std::string_view, Quantity>, 4>{{{"none", Quantity::kNone},
                                                               {"reflectivity", Quantity::kReflectivity},
                                                               {"rate", Quantity::kRate},
                                                               {"accumulation", Quantity::kAccumulation}}};
}

/// "dBZ", "mm/h", "mm", or "pixel value".
std::string_view unit_of(Quantity quantity);

/// Z = a R^b, Z in mm^6/m^3, R in mm/h. The default is Marshall and Palmer's.
struct ZRelation {
  double a = 200;
  double b = 1.6;

  bool operator==(const ZRelation&) const = default;

  /// 10 log10 Z of a rate above 0, and back.
  double decibels(double rate) const;
  double rate(double decibels) const;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("a", a, {.doc = "Z = a R^b", .min = 0, .exclusive_min = true});
    v.field("b", b, {.doc = "Z = a R^b", .min = 0, .exclusive_min = true});
  }
};

/// "No echo" as a reflectivity: below everything that radars report. From here down it rains exactly 0 mm/h.
inline constexpr double kNoEchoDbz = -32;

/// dBZ and mm/h into each other. No rain is kNoEchoDbz, and at most that is no rain.
double dbz_to_rate(double dbz, const ZRelation& relation);
double rate_to_dbz(double rate, const ZRelation& relation);

/// What a source's pixels measure, and what it takes to turn them into mm/h.
struct Measurement {
  Quantity quantity = Quantity::kNone;
  double interval_seconds = 0;  ///< of an accumulation
  ZRelation relation;           ///< of a reflectivity

  bool operator==(const Measurement&) const = default;

  /// Never below 0. The quantity is not kNone, and the interval of an accumulation above 0.
  double to_rate(double value) const;
  double from_rate(double rate) const;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("quantity", quantity, {.doc = "what a pixel measures"});
    v.field("interval_seconds", interval_seconds, {.doc = "of an accumulation: the time that it covers", .min = 0});
    v.field("relation", relation, {.doc = "of a reflectivity: how it becomes mm/h"});
  }
};

}  // namespace nextframe
