#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/frames/batch.h"
#include "core/frames/data_set.h"
#include "core/model/model_file.h"
#include "core/optim/schedule.h"
#include "core/train/learner.h"
#include "core/train/training_pictures.h"

namespace nextframe {

/// "loss", or a row of the table of metrics; rejects any other name and says which there are.
void check_best_metric(const std::string& name);

struct ValidationResult {
  std::vector<std::pair<std::string, double>>
      scores;                           ///< "loss" first; means over lead times; NaN where nothing counts
  double score = 0;                     ///< that of train.best_metric
  Goal goal = Goal::kMinimum;           ///< of that metric
  std::vector<TrainingSample> samples;  ///< the first train.samples sequences
};

/// Runs a learner over the validation windows, data.validation_windows of them where that is set. Loss as in training;
/// scores as in an evaluation, on values scaled to 0..1.
class Validator {
 public:
  /// `guide` is empty for a network without one.
  Validator(const DataSet& data, const FrameFormat& frames, const TrainOptions& train, GuideMaker guide = {});

  /// Nothing where `interrupted`, which is asked before each batch, said yes.
  std::optional<ValidationResult> run(Learner& learner, const std::function<bool()>& interrupted) const;

 private:
  TrainingSample sample_of(const Batch& batch, std::int64_t sequence, const std::vector<float>& forecast) const;

  const DataSet& data_;
  FrameFormat frames_;
  TrainOptions train_;
  GuideMaker guide_;
};

}  // namespace nextframe
