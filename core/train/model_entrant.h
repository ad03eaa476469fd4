#pragma once

#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/frames/batch.h"
#include "core/train/evaluator.h"
#include "core/train/scores.h"
#include "core/train/trained_model.h"

namespace nextframe {

/// From the numbers of a data set, or of a model, to those of a model that may have been trained on another type or range
/// of pixels.
LinearMap model_scale(const FrameFormat& data, const FrameFormat& model);

/// "frames in mm/h with data.rain {...}", for messages: the frames' unit, and how rain became numbers.
std::string units_text(const FrameFormat& frames);

/// Whether two lists of data.inputs mean the same to a network: names, types and scales in the same order. Where the fields
/// lie may differ.
bool same_inputs(const std::vector<InputOptions>& some, const std::vector<InputOptions>& others);

/// Rejects, with the reason, a model whose forecasts cannot be set beside those of `first`: of other frames, inputs, units,
/// lead times or steps between frames.
void check_comparable(const TrainedModel& model, const TrainedModel& first);

/// Rejects guided models that are guided otherwise than each other: a batch holds one guide.
void check_guides(const std::vector<NamedModel>& models);

/// A model among several that are shown the same batches, which are in the numbers of the first one.
class ModelEntrant {
 public:
  /// `to_own`: from those numbers to the model's.
  ModelEntrant(Backend& backend, TrainedModel& model, const LinearMap& to_own)
      : backend_(backend), model_(model), to_own_(to_own) {}

  /// Of a batch, in its numbers: [L,N,H,W,C].
  std::vector<float> forecast(const Batch& batch);

 private:
  std::vector<float> run(const Batch& batch);

  Backend& backend_;
  TrainedModel& model_;
  LinearMap to_own_;
};

}  // namespace nextframe
