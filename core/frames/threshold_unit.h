#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace nextframe {

/// What a threshold on pixels counts in.
enum class ThresholdUnit {
  kRate,   ///< mm/h; for sources that measure rain
  kValue,  ///< the source's own pixel values
};

constexpr auto enum_names(ThresholdUnit) {
  return std::array<std::pair<std::string_view, ThresholdUnit>, 2>{
      {{"mm/h", ThresholdUnit::kRate}, {"value", ThresholdUnit::kValue}}};
}

}  // namespace nextframe
