#pragma once

#include <optional>

#include "core/frames/normalisation.h"
#include "core/frames/radar/rain_scale.h"
#include "core/motion/field.h"

namespace nextframe {

/// Between a network's numbers and the fields that motion moves: mm/h where the numbers are rain, else brightness, 0 for
/// the smallest pixel value and 1 for the largest.
class FieldScale {
 public:
  /// `low` and `high` are the values that a pixel can take before normalisation.
  FieldScale(const Normalisation& normalisation, const std::optional<RainScale>& rain, double low, double high)
      : normalisation_(normalisation), rain_(rain), low_(low), range_(high - low) {}

  FieldKind kind() const { return rain_ ? FieldKind::kRain : FieldKind::kPicture; }

  float to_field(float network) const {
    const double value = network * normalisation_.scale + normalisation_.offset;
    return static_cast<float>(rain_ ? rain_->to_rate(value) : (value - low_) / range_);
  }
  float to_network(float field) const {
    const double value = rain_ ? rain_->from_rate(field) : low_ + range_ * field;
    return normalisation_.to_network(static_cast<float>(value));
  }

 private:
  Normalisation normalisation_;
  std::optional<RainScale> rain_;
  double low_;
  double range_;
};

}  // namespace nextframe
