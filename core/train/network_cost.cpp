#include "core/train/network_cost.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <vector>

#include "core/backend/counting/counting_backend.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/model/network.h"
#include "core/train/guides.h"
#include "core/train/host_values.h"
#include "core/train/loss_unit.h"
#include "core/train/precision.h"
#include "core/train/trained_model.h"

namespace nextframe {
namespace {

/// Of a subject that is to be trained.
Learner make_learner(Backend& backend, const CostSubject& subject) {
  const DataOptions& data = subject.data->options();
  return {backend,
          subject.model,
          subject.train,
          subject.channels,
          {.context = data.context, .horizon = data.horizon},
          loss_unit_of(*subject.data, frame_format_of(*subject.data, subject.model), subject.train.loss)};
}

std::unique_ptr<Network> make_forecaster(Backend& backend, const CostSubject& subject) {
  std::unique_ptr<Network> network = make_network(backend, activation_type(subject.train.precision, backend),
                                                  subject.model, subject.channels.input(), subject.channels.frame);
  network->set_execution(subject.execution);
  return network;
}

Batch first_of(const DataSet& data, const BatchLoaderOptions& options) {
  BatchLoader loader(data, options);
  Batch batch;
  if (!loader.next(batch)) fail("[compare] there are no frames to measure the time on");
  return batch;
}

/// The first frames to train on.
Batch first_batch(const CostSubject& subject, std::int64_t sequences) {
  return first_of(*subject.data, {.split = Split::kTrain, .batch = sequences, .guide = subject.guide});
}

Batch first_test_sequence(const CostSubject& subject) {
  return first_of(
      subject.test,
      {.split = subject.split, .order = BatchOrder::kSequential, .batch = 1, .limit = 1, .guide = subject.guide});
}

double seconds_of(Backend& backend, const std::function<void()>& work) {
  const Stopwatch watch;
  work();
  backend.sync();
  return watch.seconds();
}

/// The training of one subject with its frames, ready to be timed again and again.
class TimedTraining {
 public:
  TimedTraining(Backend& backend, const CostSubject& subject, TimingOptions::Validation validation)
      : backend_(backend),
        learner_(make_learner(backend, subject)),
        steps_(static_cast<std::size_t>(subject.train.accumulate), first_batch(subject, subject.train.batch)) {
    learner_.follow(subject.plans);
    if (validation == TimingOptions::Validation::kLeftOut) return;
    validation_ =
        first_batch(subject, subject.train.validation_batch > 0 ? subject.train.validation_batch : subject.train.batch);
  }

  void measure(NetworkCost& cost) {
    // A rate of 0 takes the same time and keeps the weights where every round finds them.
    cost.step_seconds = seconds_of(backend_, [&] { learner_.step(steps_, 0); });
    if (validation_) cost.validation_seconds = seconds_of(backend_, [&] { learner_.forecast(*validation_); });
  }

 private:
  Backend& backend_;
  Learner learner_;
  std::vector<Batch> steps_;
  std::optional<Batch> validation_;
};

/// One subject, likewise.
class Timed {
 public:
  Timed(Backend& backend, const CostSubject& subject, TimingOptions::Validation validation)
      : backend_(backend),
        channels_(subject.channels),
        network_(make_forecaster(backend, subject)),
        sequence_(first_test_sequence(subject)) {
    network_->initialise(subject.train.init, static_cast<std::uint64_t>(subject.train.seed));
    if (subject.data != nullptr) training_.emplace(backend, subject, validation);
  }

  NetworkCost measure() {
    NetworkCost cost;
    if (training_) training_->measure(cost);
    cost.frame_seconds = seconds_of(backend_, [&] { forecast(); }) / static_cast<double>(sequence_.horizon);
    return cost;
  }

 private:
  void forecast() {
    const Tensor context =
        to_backend(backend_, network_input(sequence_, channels_, input_), context_shape(sequence_, channels_));
    to_host(backend_, network_->forward(context, sequence_.horizon, Mode::kInference, guide_of(backend_, sequence_)));
  }

  Backend& backend_;
  NetworkChannels channels_;
  std::unique_ptr<Network> network_;
  Batch sequence_;
  std::vector<float> input_;  ///< network_input()'s buffer
  std::optional<TimedTraining> training_;
};

void keep_least(const NetworkCost& now, NetworkCost& cost) {
  cost.step_seconds = std::min(cost.step_seconds, now.step_seconds);
  cost.frame_seconds = std::min(cost.frame_seconds, now.frame_seconds);
  cost.validation_seconds = std::min(cost.validation_seconds, now.validation_seconds);
}

}  // namespace

void count_operations(const CostSubject& subject, NetworkCost& cost) {
  CountingBackend counting;
  const std::unique_ptr<Network> network = make_forecaster(counting, subject);
  cost.parameters = network->parameters().elements();
  const Batch sequence = first_test_sequence(subject);
  const Tensor context = counting.allocate(context_shape(sequence, subject.channels), DType::kFloat32);
  const Tensor guide = sequence.guide.empty() ? Tensor() : counting.allocate(target_shape(sequence), DType::kFloat32);
  counting.restart();
  network->forward(context, sequence.horizon, Mode::kInference, guide);
  cost.forecast_operations = static_cast<double>(counting.total().operations);
  if (subject.data == nullptr) return;

  Learner learner = make_learner(counting, subject);
  const Batch batch = first_batch(subject, subject.train.batch);
  counting.restart();
  learner.add_gradient(batch, 1);
  cost.step_operations = static_cast<double>(counting.total().operations) / static_cast<double>(batch.sequences);
}

void measure_seconds(Backend& backend, std::span<const CostSubject> subjects, const TimingOptions& options,
                     std::span<NetworkCost> costs) {
  constexpr std::int64_t kMostRounds = 100;
  std::vector<std::unique_ptr<Timed>> timed;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    options.between_rounds();
    timed.push_back(std::make_unique<Timed>(backend, subjects[i], options.validation));
    timed.back()->measure();
    constexpr double kLongest = std::numeric_limits<double>::infinity();
    costs[i].step_seconds = costs[i].frame_seconds = costs[i].validation_seconds = kLongest;
  }
  const double enough = options.seconds * static_cast<double>(subjects.size());
  const Stopwatch all;
  for (std::int64_t round = 0; round < options.rounds || (all.seconds() < enough && round < kMostRounds); ++round) {
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      options.between_rounds();
      keep_least(timed[i]->measure(), costs[i]);
    }
  }
}

}  // namespace nextframe
