#pragma once

#include "core/frames/data_set.h"
#include "core/loss/loss.h"
#include "core/model/model_file.h"

namespace nextframe {

/// What `loss` has to know of the numbers that a network sees of `data`, whose format is `frames`. Rejects thresholds that
/// the data cannot express and frames that are too small, where a term needs them.
LossUnit loss_unit_of(const DataSet& data, const FrameFormat& frames, const LossOptions& loss);

}  // namespace nextframe
