#include "core/train/network_cost.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "core/backend/counting/counting_backend.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/train/loss_unit.h"
#include "core/train/trained_model.h"

namespace nextframe {
namespace {

Learner make_learner(Backend& backend, const CostSubject& subject) {
  const FrameFormat frames = frame_format_of(subject.data, subject.model);
  const DataOptions& data = subject.data.options();
  return {backend,
          subject.model,
          subject.train,
          channels_of(frames),
          {.context = data.context, .horizon = data.horizon},
          loss_unit_of(subject.data, frames, subject.train.loss)};
}

/// The first frames to train on.
Batch first_batch(const CostSubject& subject, std::int64_t sequences) {
  BatchLoader loader(subject.data, {.split = Split::kTrain, .batch = sequences, .guide = subject.guide});
  Batch batch;
  if (!loader.next(batch)) fail("[compare] there are no frames to train on");
  return batch;
}

double seconds_of(Backend& backend, const std::function<void()>& work) {
  const Stopwatch watch;
  work();
  backend.sync();
  return watch.seconds();
}

/// One subject with its frames, ready to be timed again and again.
class Timed {
 public:
  Timed(Backend& backend, const CostSubject& subject, TimingOptions::Validation validation)
      : backend_(backend),
        learner_(make_learner(backend, subject)),
        steps_(static_cast<std::size_t>(subject.train.accumulate), first_batch(subject, subject.train.batch)),
        single_(first_batch(subject, 1)) {
    learner_.follow(subject.plans);
    if (validation == TimingOptions::Validation::kLeftOut) return;
    validation_ =
        first_batch(subject, subject.train.validation_batch > 0 ? subject.train.validation_batch : subject.train.batch);
  }

  void warm_up() { measure(); }
  void round(NetworkCost& cost) {
    const NetworkCost now = measure();
    cost.step_seconds = std::min(cost.step_seconds, now.step_seconds);
    cost.frame_seconds = std::min(cost.frame_seconds, now.frame_seconds);
    cost.validation_seconds = std::min(cost.validation_seconds, now.validation_seconds);
  }

 private:
  NetworkCost measure() {
    NetworkCost cost;
    // A rate of 0 takes the same time and keeps the weights where every round finds them.
    cost.step_seconds = seconds_of(backend_, [&] { learner_.step(steps_, 0); });
    const double forecast = seconds_of(backend_, [&] { learner_.forecast(single_); });
    cost.frame_seconds = forecast / static_cast<double>(single_.horizon);
    if (validation_) cost.validation_seconds = seconds_of(backend_, [&] { learner_.forecast(*validation_); });
    return cost;
  }

  Backend& backend_;
  Learner learner_;
  std::vector<Batch> steps_;
  Batch single_;
  std::optional<Batch> validation_;
};

}  // namespace

void count_operations(const CostSubject& subject, NetworkCost& cost) {
  CountingBackend counting;
  Learner learner = make_learner(counting, subject);
  cost.parameters = learner.model().parameters().elements();
  const Batch batch = first_batch(subject, subject.train.batch);
  counting.restart();
  learner.add_gradient(batch, 1);
  cost.step_operations = static_cast<double>(counting.total().operations) / static_cast<double>(batch.sequences);

  const NetworkChannels channels = channels_of(frame_format_of(subject.data, subject.model));
  const Tensor context = counting.allocate(context_shape(batch, channels), DType::kFloat32);
  const Tensor guide = batch.guide.empty() ? Tensor() : counting.allocate(target_shape(batch), DType::kFloat32);
  counting.restart();
  learner.model().forward(context, batch.horizon, Mode::kInference, guide);
  cost.forecast_operations = static_cast<double>(counting.total().operations) / static_cast<double>(batch.sequences);
}

void measure_seconds(Backend& backend, std::span<const CostSubject> subjects, const TimingOptions& options,
                     std::span<NetworkCost> costs) {
  constexpr std::int64_t kMostRounds = 100;
  std::vector<std::unique_ptr<Timed>> timed;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    options.between_rounds();
    timed.push_back(std::make_unique<Timed>(backend, subjects[i], options.validation));
    timed.back()->warm_up();
    constexpr double kNone = std::numeric_limits<double>::infinity();
    costs[i].step_seconds = costs[i].frame_seconds = costs[i].validation_seconds = kNone;
  }
  const double enough = options.seconds * static_cast<double>(subjects.size());
  const Stopwatch all;
  for (std::int64_t round = 0; round < options.rounds || (all.seconds() < enough && round < kMostRounds); ++round) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      options.between_rounds();
      timed[i]->round(costs[i]);
    }
  }
}

}  // namespace nextframe
