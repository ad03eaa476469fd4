#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/render/plot.h"

namespace nextframe {

struct Tick {
  double value = 0;
  std::string label;  ///< empty: a line without a number
};

/// One direction of a panel: which values it spans and where they lie.
class Axis {
 public:
  /// Spans low..high; both positive on a logarithmic axis.
  Axis(AxisScale scale, double low, double high) : scale_(scale), low_(low), high_(high) {}

  /// The values that can be drawn, widened by `margin` of their span at both ends, and always by something.
  static Axis around(AxisScale scale, std::span<const double> values, double margin);
  static bool can_show(AxisScale scale, double value);

  double low() const { return low_; }
  double high() const { return high_; }
  /// 0 at low, 1 at high, also beyond.
  double position(double value) const;
  /// About `wanted` ticks at 1, 2 or 5 times a power of ten; decades, or 1, 2, 5 in each, where a logarithmic axis
  /// spans them.
  std::vector<Tick> ticks(int wanted) const;

 private:
  std::vector<Tick> linear_ticks(int wanted) const;
  std::vector<Tick> decade_ticks(int wanted) const;

  AxisScale scale_;
  double low_;
  double high_;
};

}  // namespace nextframe
