#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "core/backend/backend.h"
#include "core/frames/batch.h"
#include "core/loss/loss.h"
#include "core/model/network.h"
#include "core/optim/optimizer.h"
#include "core/optim/weight_average.h"
#include "core/train/network_input.h"
#include "core/train/options.h"
#include "core/train/scheduled_sampling.h"

namespace nextframe {

/// The memory of a training batch and of a validation batch.
struct LearnerPlans {
  std::shared_ptr<const MemoryPlan> gradient;
  std::shared_ptr<const MemoryPlan> forecast;
};

/// A network and everything that changes its weights. Knows nothing of files, schedules or validation.
class Learner {
 public:
  struct StepResult {
    double loss = 0;
    double gradient_norm = 0;  ///< before clipping
    bool finite = true;        ///< false: the weights were left as they were
  };

  /// The weights start as train.init draws them from train.seed. Rejects a model or loss that cannot be built.
  Learner(Backend& backend, const ModelOptions& model, const TrainOptions& train, const NetworkChannels& channels,
          const SequenceLengths& lengths, const LossUnit& unit = {});

  /// One update from all batches together: their loss is divided by the valid weight of all of them, in which the
  /// sequences' own weights do not count.
  /// `before_update` is called once loss and gradient are known to be finite, the weights being still those from before.
  StepResult step(std::span<const Batch> batches, double lr,
                  const std::function<void(const StepResult&)>& before_update = {});
  /// The part of a step that each batch goes through: adds its loss and gradient, divided by `valid_weight`. `index` is that
  /// of the batch within its step.
  void add_gradient(const Batch& batch, double valid_weight, std::int64_t index = 0);

  /// Forecast of a batch's context, [L,N,H,W,C] in host order, and its loss times its valid weight.
  struct Forecast {
    std::vector<float> frames;
    double weighted_loss = 0;
    double valid_weight = 0;
  };
  Forecast forecast(const Batch& batch);
  /// The part of a forecast that runs on the backend: adds the batch's loss, returns its frames [L,N,H,W,C].
  Tensor add_loss(const Batch& batch);

  /// From here on add_gradient() and forecast() take their memory by plan; null where there is none.
  void follow(LearnerPlans plans) { plans_ = std::move(plans); }

  /// Does `work` while the weights are their moving average, where one is kept. They come back afterwards, also where it
  /// throws.
  void with_average(const std::function<void()>& work);

  Backend& backend() { return backend_; }
  Network& model() { return *model_; }
  Optimizer& optimizer() { return optimizer_; }
  std::optional<WeightAverage>& average() { return average_; }

 private:
  Tensor upload(std::span<const float> values, const Shape& shape);
  Tensor upload_context(const Batch& batch);
  Tensor upload_guide(const Batch& batch);
  /// The context with the target behind it.
  Tensor upload_sequence(const Batch& batch);
  /// What a training pass predicts: the batch's target, or every frame but the first.
  Shape learnt_shape(const Batch& batch) const;
  /// Its mask, empty where every pixel counts.
  std::vector<float> learnt_mask(const Batch& batch) const;
  /// `mask` of `frames` with the sequences' weights; empty where every pixel counts alike.
  Tensor upload_mask(const Batch& batch, const std::vector<float>& mask, std::int64_t frames);
  TrainingInput training_input(const Batch& batch, const Tensor& frames, std::int64_t index);
  void swap_average();

  Backend& backend_;
  NetworkChannels channels_;
  ScheduledSamplingOptions sampling_;
  std::uint64_t seed_ = 0;
  std::vector<float> input_;  ///< network_input()'s buffer
  std::unique_ptr<Network> model_;
  Loss loss_;
  Optimizer optimizer_;
  std::optional<WeightAverage> average_;
  LearnerPlans plans_;
};

Shape context_shape(const Batch& batch, const NetworkChannels& channels);
Shape target_shape(const Batch& batch);

}  // namespace nextframe
