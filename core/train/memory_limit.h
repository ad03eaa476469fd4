#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/train/training_memory.h"

namespace nextframe {

/// How a training fits into memory.
struct TrainingFit {
  TrainOptions train;  ///< as asked for, with train.recompute and train.segment chosen
  LearnerMemory memory;
  std::string chosen;  ///< for the user: what was chosen and why; empty where there was nothing to choose
};

/// Chooses between keeping all activations and recomputing them in segments, the longest segments first, what keeps the
/// process within `limit` bytes, or within the memory that is available where no limit is given. Without a limit only
/// train.recompute "auto" leaves the choice open; with one, everything but a train.segment of the user's own does.
/// Rejects a limit that nothing satisfies, naming the smallest one that would do, and a training that needs more than
/// there is.
TrainingFit fit_training(const Backend& backend, const ModelOptions& model, const TrainOptions& train,
                         const DataSet& data, std::optional<std::int64_t> limit);

/// How forecasts fit into memory.
struct ForecastFit {
  ExecutionOptions execution;
  MemoryReport report;
  std::string chosen;
};

/// Chooses how many steps the layers take together and how many rows of a frame, the fastest first, as fit_training does.
/// Without a limit both are left to the network.
ForecastFit fit_forecast(const Backend& backend, const ModelOptions& model, Precision precision,
                         const ForecastShape& shape, std::optional<std::int64_t> limit);

}  // namespace nextframe
