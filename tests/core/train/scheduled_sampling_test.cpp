#include "core/train/scheduled_sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/train/checkpoint.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

using test::contents;
using test::interrupt_at;
using test::SmallRun;

SmallRun stack_run() {
  SmallRun run;
  run.model.architecture = Architecture::kStack;
  run.model.cell = CellKind::kConvLstm;
  run.model.patch = 2;
  run.model.levels = {{.conv = {}, .hidden = 3, .kernel = 3, .up = {}},
                      {.conv = {}, .hidden = 2, .kernel = 3, .up = {}}};
  run.data.horizon = 3;
  run.train.accumulate = 2;
  run.train.scheduled_sampling = {.start = 0.7, .decrease = 0.1, .stop = 5};
  return run;
}

double share_of_truth(const std::vector<std::uint8_t>& truth) {
  return static_cast<double>(std::count(truth.begin(), truth.end(), 1)) / static_cast<double>(truth.size());
}

TEST(ScheduledSampling, FallsAsPublished) {
  const ScheduledSamplingOptions options;
  EXPECT_DOUBLE_EQ(truth_probability(options, 0), 1 - 2e-5);
  EXPECT_DOUBLE_EQ(truth_probability(options, 24999), 0.5);
  EXPECT_NEAR(truth_probability(options, 49999), 0, 1e-12);
  EXPECT_EQ(truth_probability(options, 50000), 0);
  EXPECT_EQ(truth_probability({.start = 0.1, .decrease = 0.1, .stop = 10}, 5), 0);
}

TEST(ScheduledSampling, DrawsByTheMomentAlone) {
  const ScheduledSamplingOptions half{.start = 0.5, .decrease = 0, .stop = 100};
  const SamplingMoment moment{.seed = 3, .steps = 7, .batch = 1};
  const std::vector<std::uint8_t> truth = draw_truth(half, moment, 4000);
  EXPECT_EQ(truth, draw_truth(half, moment, 4000));
  EXPECT_NEAR(share_of_truth(truth), 0.5, 0.04);
  EXPECT_NE(truth, draw_truth(half, {.seed = 4, .steps = 7, .batch = 1}, 4000));
  EXPECT_NE(truth, draw_truth(half, {.seed = 3, .steps = 8, .batch = 1}, 4000));
  EXPECT_NE(truth, draw_truth(half, {.seed = 3, .steps = 7, .batch = 0}, 4000));
  EXPECT_EQ(share_of_truth(draw_truth({.start = 1, .decrease = 0, .stop = 100}, moment, 100)), 1);
  EXPECT_EQ(share_of_truth(draw_truth({.start = 1, .decrease = 0, .stop = 7}, moment, 100)), 0);
}

TEST(ScheduledSampling, AResumedRunDrawsOn) {
  const test::TemporaryFolder folder;
  const SmallRun run = stack_run();
  run.go(run.request(folder.path() / "whole"));
  for (const std::int64_t count : {2, 5}) {
    const std::filesystem::path parts = folder.path() / ("parts" + std::to_string(count));
    ASSERT_EQ(run.go(run.request(parts), interrupt_at(count)).end, TrainEnd::kInterrupted);
    EXPECT_EQ(run.go(run.request(parts, RunStart::kResume)).end, TrainEnd::kFinished);
    for (const char* file : {"last.safetensors", "best.safetensors", "metrics.jsonl"}) {
      EXPECT_EQ(contents(folder.path() / "whole" / file), contents(parts / file)) << file;
    }
  }
  SmallRun other = stack_run();
  other.train.scheduled_sampling.start = 0.3;
  other.go(other.request(folder.path() / "other"));
  EXPECT_NE(contents(folder.path() / "whole/metrics.jsonl"), contents(folder.path() / "other/metrics.jsonl"));
}

TEST(StackLearner, LearnsFromEveryNextFrame) {
  SmallRun run = stack_run();
  run.train.scheduled_sampling = {.start = 1, .decrease = 0, .stop = 1000};
  ReferenceBackend backend;
  Learner learner(backend, run.model, run.train, {.frame = 1}, {.context = 2, .horizon = 3});
  Batch batch;
  batch.context_length = 2;
  batch.horizon = 3;
  batch.sequences = 1;
  batch.height = batch.width = 4;
  batch.channels = 1;
  Random random(5);
  for (int i = 0; i < 32; ++i) batch.context.push_back(static_cast<float>(random.uniform()));
  for (int i = 0; i < 48; ++i) batch.target.push_back(static_cast<float>(random.uniform()));
  // With the truth everywhere the loss of five frames is that of four forecasts of one frame.
  double expected = 0;
  for (std::int64_t t = 1; t < 5; ++t) {
    std::vector<float> frames = batch.context;
    frames.insert(frames.end(), batch.target.begin(), batch.target.end());
    Batch one = batch;
    one.context_length = t;
    one.horizon = 1;
    one.context.assign(frames.begin(), frames.begin() + 16 * t);
    one.target.assign(frames.begin() + 16 * t, frames.begin() + 16 * (t + 1));
    expected += learner.forecast(one).weighted_loss / 16 / 4;
  }
  EXPECT_NEAR(learner.step(std::vector<Batch>{batch}, 0.01).loss, expected, 1e-6 * expected);
}

TEST(StackLearner, WhatIsMissingCountsForNothing) {
  const SmallRun run = stack_run();
  ReferenceBackend backend;
  const auto loss_with = [&](float missing) {
    Learner learner(backend, run.model, run.train, {.frame = 1}, {.context = 2, .horizon = 2});
    Batch batch;
    batch.context_length = batch.horizon = 2;
    batch.sequences = 1;
    batch.height = batch.width = 4;
    batch.channels = 1;
    batch.context.assign(32, 0.5F);
    batch.target.assign(32, 0.25F);
    batch.context_mask.assign(32, 1.0F);
    batch.mask.assign(32, 1.0F);
    batch.mask[3] = 0;
    batch.target[3] = missing;
    return learner.step(std::vector<Batch>{batch}, 0.01).loss;
  };
  EXPECT_EQ(loss_with(0), loss_with(1000));
}

}  // namespace
}  // namespace nextframe
