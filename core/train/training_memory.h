#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend/backend.h"
#include "core/frames/data_set.h"
#include "core/model/options.h"
#include "core/train/learner.h"
#include "core/train/options.h"

namespace nextframe {

/// What is in use at the fullest moment, in bytes, by who needs it. Layers go by the names of their parameters,
/// "encoder.0.conv".
struct MemoryReport {
  struct Layer {
    std::string name;
    std::int64_t parameters = 0;
    std::int64_t activations = 0;  ///< kept for the backward pass, and gradients on their way
    std::int64_t workspace = 0;    ///< of the operation that runs then, and weights reordered for its kernels
  };

  std::vector<Layer> layers;
  std::int64_t optimizer = 0;  ///< gradients, moments, the weights' average
  std::int64_t frames = 0;     ///< in the backend's memory
  std::int64_t other = 0;      ///< tensors between layers
  std::int64_t gaps = 0;       ///< of the arena, that no block fills then
  std::int64_t batches = 0;    ///< prepared ahead in the program's own memory, with the one in use
  std::int64_t guides = 0;     ///< motions kept for the guides of sequences that come again
  std::int64_t pictures = 0;   ///< drawing curves and samples after a validation, while everything else stays
  std::int64_t program = 0;    ///< code, libraries, what is loaded: the resident size when the plan was made

  /// The process's resident size then.
  std::int64_t total() const;
};

/// The memory that a learner takes on a backend, found without performing anything: a training batch and a validation
/// batch are run on the backend's planner.
struct LearnerMemory {
  LearnerPlans plans;
  MemoryReport report;
};

/// Frames of data.crop and batches of train.batch and train.validation_batch, as Learner sees them. Rejects what Learner
/// rejects, and a batch that is larger than the memory available.
LearnerMemory plan_learner(const Backend& backend, const ModelOptions& model, const TrainOptions& train,
                           const DataSet& data);

struct ForecastShape {
  /// How the context comes: live, frame after frame, or whole, as an evaluation has it.
  enum class Arrival { kFrameByFrame, kTogether };

  Arrival arrival = Arrival::kFrameByFrame;
  std::int64_t sequences = 1;
  std::int64_t context = 10, horizon = 10;
  std::int64_t height = 64, width = 64;
  NetworkChannels channels{};
};

/// The memory of forecasts, sequences side by side: the state of all layers, the frames of the context taken in one after
/// the other, frames forecast in chunks.
MemoryReport plan_forecast(const Backend& backend, const ModelOptions& model, Precision precision,
                           const ForecastShape& shape, const ExecutionOptions& execution = {});

}  // namespace nextframe
