#pragma once

#include <cstdint>

#include "core/backend/backend.h"

namespace nextframe {

/// An exponential moving average of the weights (Polyak averaging), kept beside them.
///
/// After step t = 1, 2, ...: average = d average + (1-d) value with d = min(decay, (1+t)/(10+t)), so that the first,
/// random weights are forgotten soon. It starts at the weights' values.
class WeightAverage {
 public:
  WeightAverage(Backend& backend, double decay, const Tensor& values);

  /// To be called after each step of the optimizer; `step` counts from 1.
  void update(std::int64_t step);
  /// Sets the average to the weights' present values.
  void restart();
  /// Exchanges the weights and their average: once for a validation, once more to go on training.
  void swap();
  const Tensor& average() const { return average_; }

 private:
  Backend& backend_;
  double decay_;
  Tensor values_;
  Tensor average_;
  Tensor spare_;  ///< for a part of the weights while they are exchanged
};

}  // namespace nextframe
