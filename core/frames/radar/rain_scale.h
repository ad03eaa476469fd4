#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/frames/radar/quantity.h"

namespace nextframe {

/// The unit in which a network sees rain.
enum class RainUnit {
  kAuto,      ///< dbr for sources that measure rain, source for all others
  kSource,    ///< the source's own numbers
  kDbz,       ///< 10 log10 Z
  kDbr,       ///< 10 log10 R
  kSqrtRate,  ///< sqrt R
  kLogRate,   ///< ln(1 + R)
  kRate,      ///< R in mm/h
};

constexpr auto enum_names(RainUnit) {
  return std::array<std::pair<std::string_view, RainUnit>, 7>{{{"auto", RainUnit::kAuto},
                                                               {"source", RainUnit::kSource},
                                                               {"dbz", RainUnit::kDbz},
                                                               {"dbr", RainUnit::kDbr},
                                                               {"sqrt_rate", RainUnit::kSqrtRate},
                                                               {"log_rate", RainUnit::kLogRate},
                                                               {"rate", RainUnit::kRate}}};
}

/// What happens to a pixel above the ceiling: it becomes the ceiling, or counts as missing.
enum class AboveCeiling { kClip, kMask };

constexpr auto enum_names(AboveCeiling) {
  return std::array<std::pair<std::string_view, AboveCeiling>, 2>{
      {{"clip", AboveCeiling::kClip}, {"mask", AboveCeiling::kMask}}};
}

/// How a rain rate becomes a number of the network's unit: the configuration's "data.rain". Floor and ceiling are rates,
/// so that they mean the same in every unit.
struct RainOptions {
  RainUnit unit = RainUnit::kAuto;
  double floor = 0.1;
  double ceiling = 100;
  AboveCeiling above = AboveCeiling::kClip;
  ZRelation relation = {};

  bool operator==(const RainOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("floor", floor,
            {.doc = "mm/h; less rain, and no echo, get the value of this rate. 0 only in sqrt_rate, log_rate and rate",
             .min = 0});
    v.field("ceiling", ceiling, {.doc = "mm/h; more than this is taken for clutter", .min = 0, .exclusive_min = true});
    v.field("above", above, {.doc = "what becomes of clutter: clip to the ceiling, or mask: it counts as missing"});
    v.field("relation", relation, {.doc = "unit \"dbz\": how a rate becomes a reflectivity"});
  }
};

/// The map between rain rates and a network's unit, both ways, for every unit but kAuto and kSource:
///   value = f(clamp(R, floor, ceiling)),   R = f^-1(value) above f(floor), else 0.
class RainScale {
 public:
  /// Rejects a floor that the unit cannot express (0 in dbz and dbr) and a ceiling that is not above the floor.
  explicit RainScale(const RainOptions& options);

  const RainOptions& options() const { return options_; }
  double low() const { return low_; }    ///< the floor's value
  double high() const { return high_; }  ///< the ceiling's

  double from_rate(double rate) const;
  /// Not bounded by the ceiling: a forecast may exceed it.
  double to_rate(double value) const;
  /// Whether a pixel of this rate counts as missing.
  bool masks(double rate) const { return options_.above == AboveCeiling::kMask && rate > options_.ceiling; }

 private:
  RainOptions options_;
  double low_ = 0;
  double high_ = 1;
};

/// The scale for frames of a source: none where they keep the source's own numbers. Rejects a unit of rain for a source
/// that does not measure any; `name` is the source's.
std::optional<RainScale> rain_scale_for(const RainOptions& options, const Measurement& measurement,
                                        const std::string& name);

/// "dBZ", "dBR", "sqrt(mm/h)", ...
std::string_view unit_name(RainUnit unit);

}  // namespace nextframe
