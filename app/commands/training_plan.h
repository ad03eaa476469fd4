#pragma once

#include "app/bench/plan.h"
#include "core/config/config.h"
#include "core/frames/data_set.h"

namespace nextframe::app {

/// The plan of a configuration's training step on the frames of `data`, in the precision that `backend` gives it;
/// training_bytes holds for its validation as well.
Plan plan_training(const Config& config, const DataSet& data, const Backend& backend);

/// What a process needs beside the tensors: code and libraries, reordered weights, batches prepared ahead.
std::int64_t other_bytes(const Config& config, const DataSet& data, const Plan& plan);

/// Rejects a configuration that needs more memory than there is, before anything is trained.
void check_memory(const Config& config, const DataSet& data, const Backend& backend);

}  // namespace nextframe::app
