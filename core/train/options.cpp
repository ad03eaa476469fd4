#include "core/train/options.h"

namespace nextframe {

ExecutionOptions execution_of(const TrainOptions& train, const ModelOptions& model, const SequenceLengths& lengths) {
  if (train.recompute != Recompute::kSegments) return {};
  return {.segment = train.segment > 0 ? train.segment : least_memory_segment(model, lengths)};
}

}  // namespace nextframe
