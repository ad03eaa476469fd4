#pragma once

#include <vector>

#include "core/frames/threshold_unit.h"

namespace nextframe {

/// How much more the errors of heavy rain count: weights[i] where i of the thresholds are at most what was observed.
/// The defaults are those of Shi et al. 2017 (HKO-7).
struct RainWeightOptions {
  std::vector<double> thresholds{2, 5, 10, 30};
  std::vector<double> weights{1, 2, 5, 10, 30};
  ThresholdUnit unit = ThresholdUnit::kRate;

  bool operator==(const RainWeightOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("thresholds", thresholds, {.doc = "observed values from which on the next weight holds, increasing"});
    v.field("weights", weights, {.doc = "one below the first threshold, then one from each threshold on", .min = 0});
    v.field("unit", unit, {.doc = "of the thresholds: mm/h, or value: the source's own pixel values"});
  }
};

/// The training loss: a sum of terms, each with its weight. A weight of 0 leaves a term out; where all are 0 the mean
/// squared error counts with weight 1.
struct LossOptions {
  double mse = 0;
  double mae = 0;
  double huber = 0;
  double bce = 0;
  double bmse = 0;
  double bmae = 0;
  double spectral = 0;
  double ssim = 0;
  double huber_delta = 1.0;
  RainWeightOptions rain_weights;
  std::vector<double> lead_weights;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("mse", mse, {.doc = "weight of the mean squared error (1 where no term is given)", .min = 0});
    v.field("mae", mae, {.doc = "weight of the mean absolute error", .min = 0});
    v.field("huber", huber, {.doc = "weight of the Huber loss", .min = 0});
    v.field("bce", bce, {.doc = "weight of the binary cross-entropy; frames and forecasts must lie in 0..1", .min = 0});
    v.field("bmse", bmse,
            {.doc = "weight of the balanced squared error, in which heavy rain counts more, as rain_weights say",
             .min = 0});
    v.field("bmae", bmae, {.doc = "weight of the balanced absolute error, likewise", .min = 0});
    v.field("spectral", spectral,
            {.doc = "weight of the difference in Fourier amplitudes, which a blurred forecast pays for; beside another "
                    "term, since it does not see where things are",
             .min = 0});
    v.field("ssim", ssim, {.doc = "weight of 1 - the mean structural similarity; frames of 11x11 at least", .min = 0});
    v.field("huber_delta", huber_delta,
            {.doc = "error in normalised units at which the Huber loss turns from square to linear",
             .min = 0,
             .exclusive_min = true});
    v.field("rain_weights", rain_weights, {.doc = "of bmse and bmae: how much more heavy rain counts"});
    v.field("lead_weights", lead_weights,
            {.doc = "one weight per lead time, data.horizon of them; empty: all equal", .min = 0});
  }
};

}  // namespace nextframe
