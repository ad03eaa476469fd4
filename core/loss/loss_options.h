#pragma once

#include <vector>

namespace nextframe {

/// The training loss: a sum of terms, each with its weight. A weight of 0 leaves a term out; where all are 0 the mean
/// squared error counts with weight 1.
struct LossOptions {
  double mse = 0;
  double mae = 0;
  double huber = 0;
  double bce = 0;
  double huber_delta = 1.0;
  std::vector<double> lead_weights;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("mse", mse, {.doc = "weight of the mean squared error (1 where no term is given)", .min = 0});
    v.field("mae", mae, {.doc = "weight of the mean absolute error", .min = 0});
    v.field("huber", huber, {.doc = "weight of the Huber loss", .min = 0});
    v.field("bce", bce, {.doc = "weight of the binary cross-entropy; frames and forecasts must lie in 0..1", .min = 0});
    v.field("huber_delta", huber_delta,
            {.doc = "error in normalised units at which the Huber loss turns from square to linear",
             .min = 0,
             .exclusive_min = true});
    v.field("lead_weights", lead_weights,
            {.doc = "one weight per lead time, data.horizon of them; empty: all equal", .min = 0});
  }
};

}  // namespace nextframe
