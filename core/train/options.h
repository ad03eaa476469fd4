#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/seed.h"
#include "core/loss/loss_options.h"
#include "core/model/execution.h"
#include "core/nn/parameter_set.h"
#include "core/optim/optimizer.h"
#include "core/optim/schedule.h"
#include "core/train/precision.h"
#include "core/train/scheduled_sampling.h"

namespace nextframe {

/// Whether backward runs parts of the forward pass again instead of keeping what they gave.
enum class Recompute {
  kNone,
  kSegments,  ///< one segment of the time steps after the other: see ExecutionOptions
  kAuto,      ///< segments where all would not fit into memory: see fit_training, which settles it
};

constexpr auto enum_names(Recompute) {
  return std::array<std::pair<std::string_view, Recompute>, 3>{
      {{"none", Recompute::kNone}, {"segments", Recompute::kSegments}, {"auto", Recompute::kAuto}}};
}

/// How a model is trained: the configuration's "train". A step is one update of the weights, from `batch` times
/// `accumulate` sequences.
struct TrainOptions {
  std::int64_t batch = 8;
  std::int64_t accumulate = 1;
  std::int64_t steps = 20000;
  std::int64_t seed = 1;
  Precision precision = Precision::kFloat32;
  Recompute recompute = Recompute::kNone;
  std::int64_t segment = 0;
  Initialisation init = Initialisation::kDefault;
  ScheduledSamplingOptions scheduled_sampling;
  LossOptions loss;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  double clip_norm = 1.0;
  double clip_value = 0;
  double ema = 0;
  std::int64_t validate_every = 500;
  std::int64_t validation_batch = 0;
  std::string best_metric = "mse";
  std::int64_t early_stop = 10;
  std::int64_t checkpoint_every = 100;
  std::int64_t sample_every = 500;
  std::int64_t samples = 2;

  static constexpr double kMostSteps = ScheduleOptions::kMostSteps;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("batch", batch, {.doc = "sequences that go through the network together", .min = 1, .max = 65536});
    v.field("accumulate", accumulate,
            {.doc = "batches whose gradients are added up for one step: a larger batch in the same memory",
             .min = 1,
             .max = 65536});
    v.field("steps", steps, {.doc = "updates of the weights", .min = 1, .max = kMostSteps});
    v.field("seed", seed, {.doc = "draws the first weights and the order of the data", .min = 0, .max = kLargestSeed});
    v.field(
        "precision", precision,
        {.doc = "type of what goes through the network: float32; bf16, with half the activations' memory and a little "
                "faster "
                "where the processor has it; or auto, bf16 on such processors only. Weights and sums stay float32"});
    v.field(
        "recompute", recompute,
        {.doc = "segments: keep the states between segments of the sequence only and run each segment again in the "
                "backward pass, for 30 to 45 % more time in much less memory; auto: only where the memory would not "
                "suffice otherwise"});
    v.field("segment", segment,
            {.doc = "steps of a segment with recompute \"segments\"; 0: chosen for the least memory",
             .min = 0,
             .max = 65536});
    v.field("init", init, {.doc = "first weights: default as PyTorch draws them, he as He et al. 2015 (MSRA)"});
    v.field("scheduled_sampling", scheduled_sampling,
            {.doc = "model.architecture \"stack\": how often it gets the frame that came instead of its own"});
    v.field("loss", loss, {.doc = "weighted sum of losses, a mean over all valid pixels and channels"});
    v.field("optimizer", optimizer, {.doc = "how a gradient changes the weights"});
    v.field("schedule", schedule, {.doc = "how the learning rate changes over the steps"});
    v.field("clip_norm", clip_norm, {.doc = "largest global norm of the gradient; 0: no limit", .min = 0});
    v.field("clip_value", clip_value, {.doc = "largest value of one gradient, after the norm; 0: no limit", .min = 0});
    v.field("ema", ema,
            {.doc = "decay of the moving average of the weights that validation and the model files then use; 0: off",
             .min = 0,
             .max = 0.9999999});
    v.field("validate_every", validate_every,
            {.doc = "steps between two validations; 0: only at the end", .min = 0, .max = kMostSteps});
    v.field("validation_batch", validation_batch,
            {.doc = "sequences together in validation; 0: as train.batch", .min = 0, .max = 65536});
    v.field("best_metric", best_metric, {.doc = "validation score that tells which model is the best, or \"loss\""});
    v.field("early_stop", early_stop,
            {.doc = "stop after so many validations without a better score; 0: never", .min = 0, .max = kMostSteps});
    v.field("checkpoint_every", checkpoint_every,
            {.doc = "steps between two saves of the whole state; a crash loses no more than these",
             .min = 1,
             .max = kMostSteps});
    v.field("sample_every", sample_every,
            {.doc = "at the first validation after so many steps, sample pictures and curves are drawn; 0: at the end",
             .min = 0,
             .max = kMostSteps});
    v.field("samples", samples, {.doc = "validation sequences to draw", .min = 0, .max = 64});
  }
};

/// How a network trains that is configured so.
ExecutionOptions execution_of(const TrainOptions& train, const ModelOptions& model, const SequenceLengths& lengths);

}  // namespace nextframe
