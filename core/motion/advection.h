#pragma once

#include <cstdint>

#include "core/motion/field.h"

namespace nextframe {

/// Follows the content of each pixel back in time through a motion that does not change: backward semi-Lagrangian
/// (Germann and Zawadzki 2002, Mon. Weather Rev. 130, 2859). Fields are sampled once, from the last observed one,
/// however far ahead, so that interpolation does not smooth again and again.
class BackwardTrajectories {
 public:
  /// `motion` is in pixels a step and must outlive this object. `iterations` of the implicit midpoint rule find where
  /// the step's motion is read; 0 takes it at the step's end.
  explicit BackwardTrajectories(const MotionField& motion, int iterations = 3);

  /// One step further.
  void advance();
  std::int64_t steps() const { return steps_; }
  /// From where it was at the start to each pixel: what is now at (x, y) came from (x - u, y - v).
  const MotionField& displacement() const { return displacement_; }

 private:
  const MotionField& motion_;
  int iterations_;
  std::int64_t steps_ = 0;
  MotionField displacement_;
};

/// `field` at (x - u, y - v) for each pixel (x, y), linear between pixels. Missing where that place lies outside the
/// field or a pixel that counts there is missing.
ScalarField displaced(const ScalarField& field, const MotionField& displacement);

/// `field` moved on by `steps` steps of `motion`.
ScalarField extrapolated(const ScalarField& field, const MotionField& motion, std::int64_t steps, int iterations = 3);

}  // namespace nextframe
