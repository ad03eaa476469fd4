#include "core/train/learner.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>

#include "core/base/random.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

using test::SmallRun;

/// Sequences first .. last-1 of a fixed set, with a mask that differs from sequence to sequence.
Batch sequences(std::int64_t first, std::int64_t last) {
  Batch batch;
  batch.context_length = 3;
  batch.horizon = 2;
  batch.sequences = last - first;
  batch.height = 8;
  batch.width = 8;
  batch.channels = 1;
  const auto fill = [&](std::vector<float>& values, std::int64_t length, auto value) {
    for (std::int64_t t = 0; t < length; ++t) {
      for (std::int64_t n = first; n < last; ++n) {
        Random random(static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(t));
        for (int i = 0; i < 64; ++i) values.push_back(value(random, n));
      }
    }
  };
  fill(batch.context, 3, [](Random& random, std::int64_t) { return static_cast<float>(random.uniform()); });
  fill(batch.target, 2, [](Random& random, std::int64_t) { return static_cast<float>(random.uniform()); });
  fill(batch.mask, 2,
       [](Random& random, std::int64_t n) { return random.uniform() < 0.2 * static_cast<double>(n) ? 0.f : 1.f; });
  return batch;
}

TEST(Learner, AccumulatedBatchesEqualOneBigBatch) {
  const SmallRun run;
  ReferenceBackend backend;
  Learner whole(backend, run.model, run.train, {.frame = 1}, {.context = 3, .horizon = 2});
  Learner parts(backend, run.model, run.train, {.frame = 1}, {.context = 3, .horizon = 2});
  const std::vector<Batch> one{sequences(0, 4)};
  const std::vector<Batch> several{sequences(0, 1), sequences(1, 4)};
  for (int step = 0; step < 5; ++step) {
    const Learner::StepResult a = whole.step(one, 0.01);
    const Learner::StepResult b = parts.step(several, 0.01);
    EXPECT_NEAR(a.loss, b.loss, 1e-6 * a.loss);
    EXPECT_NEAR(a.gradient_norm, b.gradient_norm, 1e-5 * a.gradient_norm);
  }
  const std::vector<float> a = whole.model().parameters().download();
  const std::vector<float> b = parts.model().parameters().download();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 1e-4) << i;
}

TEST(Learner, LeavesTheWeightsWhereTheLossIsNotFinite) {
  const SmallRun run;
  ReferenceBackend backend;
  Learner learner(backend, run.model, run.train, {.frame = 1}, {.context = 3, .horizon = 2});
  const std::vector<float> before = learner.model().parameters().download();
  std::vector<Batch> batches{sequences(0, 2)};
  batches.front().context[5] = std::nanf("");
  EXPECT_FALSE(learner.step(batches, 0.01).finite);
  EXPECT_EQ(learner.model().parameters().download(), before);
}

TEST(Learner, SequencesHaveWeights) {
  const SmallRun run;
  ReferenceBackend backend;
  const auto loss_with = [&](const std::vector<double>& weights, bool masked) {
    Learner learner(backend, run.model, run.train, {.frame = 1}, {.context = 3, .horizon = 2});
    Batch batch = sequences(0, 2);
    batch.weights = weights;
    if (!masked) batch.mask.clear();
    return learner.forecast(batch).weighted_loss;
  };
  for (const bool masked : {false, true}) {
    const double first = loss_with({1, 0}, masked), second = loss_with({0, 1}, masked);
    EXPECT_NEAR(loss_with({}, masked), first + second, 1e-5);
    EXPECT_NEAR(loss_with({3, 0.5}, masked), 3 * first + 0.5 * second, 1e-5);
  }
}

TEST(Learner, ForecastLossEqualsTrainingLoss) {
  const SmallRun run;
  ReferenceBackend backend;
  Learner learner(backend, run.model, run.train, {.frame = 1}, {.context = 3, .horizon = 2});
  const std::vector<Batch> batches{sequences(0, 3)};
  const Learner::Forecast forecast = learner.forecast(batches.front());
  const Learner::StepResult step = learner.step(batches, 0.01);
  EXPECT_NEAR(forecast.weighted_loss / forecast.valid_weight, step.loss, 1e-6 * step.loss);
}

TEST(Learner, TheRawWeightsComeBackAfterWorkWithTheirAverage) {
  SmallRun run;
  run.train.ema = 0.9;
  ReferenceBackend backend;
  Learner learner(backend, run.model, run.train, {.frame = 1}, {.context = 3, .horizon = 2});
  const std::vector<Batch> batches{sequences(0, 3)};
  for (int i = 0; i < 3; ++i) learner.step(batches, 0.01);
  const std::vector<float> raw = learner.model().parameters().download();
  std::vector<float> average(raw.size());
  backend.download(learner.average()->average(), average.data());
  ASSERT_NE(raw, average);
  std::vector<float> seen;
  learner.with_average([&] { seen = learner.model().parameters().download(); });
  EXPECT_EQ(seen, average);
  EXPECT_EQ(learner.model().parameters().download(), raw);
  EXPECT_THROW(learner.with_average([] { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(learner.model().parameters().download(), raw);
}

}  // namespace
}  // namespace nextframe
