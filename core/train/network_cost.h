#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/backend/backend.h"
#include "core/frames/data_set.h"
#include "core/train/learner.h"
#include "core/train/network_input.h"
#include "core/train/options.h"

namespace nextframe {

/// What a network and its training cost.
struct NetworkCost {
  std::int64_t parameters = 0;
  double step_operations = 0;       ///< floating-point operations of a sequence's forward and backward pass, a
                                    ///< multiply-add being two, as direct convolution would take them
  double forecast_operations = 0;   ///< of the forecast of a sequence, its context included
  std::int64_t training_bytes = 0;  ///< of the process at the fullest moment of a training, by its plan
  std::int64_t forecast_bytes = 0;  ///< of the process forecasting one sequence live, likewise
  double step_seconds = 0;          ///< one update of the weights
  double frame_seconds = 0;         ///< one forecast frame of one sequence, its share of the context included
  double validation_seconds = 0;    ///< one batch of the validation; 0 where it was not timed
};

/// A network whose cost is to be known. The data outlive the measurement.
struct CostSubject {
  ModelOptions model;
  TrainOptions train;  ///< of a model that is trained already, only its precision and initial weights
  NetworkChannels channels;
  const DataSet* data = nullptr;  ///< to train on; null for a model that is trained already
  LearnerPlans plans;             ///< of plan_learner()
  const DataSet& test;            ///< of whole frames, to forecast
  Split split = Split::kTest;     ///< of `test`
  GuideMaker guide;               ///< empty for a network without one
  ExecutionOptions execution;     ///< of forecasts
};

struct TimingOptions {
  enum class Validation { kTimed, kLeftOut };

  std::int64_t rounds = 3;  ///< at least so many, after one to warm up; more where they are short, for about `seconds`
  double seconds = 1;       ///< a subject
  Validation validation = Validation::kLeftOut;
  std::function<void()> between_rounds = [] {};  ///< may throw to stop
};

/// Fills parameters and operations, counted on a backend that performs nothing: of training on its pieces of frames, where
/// there is a training, and of forecasting a whole test sequence.
void count_operations(const CostSubject& subject, NetworkCost& cost);

/// Fills the seconds: the least of all rounds. Each round times every subject once, one after the other, on the first
/// frames to train on and the first test sequence, so that a busy moment of the machine meets all of them alike. One cost
/// for each subject.
void measure_seconds(Backend& backend, std::span<const CostSubject> subjects, const TimingOptions& options,
                     std::span<NetworkCost> costs);

}  // namespace nextframe
