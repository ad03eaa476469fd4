#include "core/train/trainer.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/model/model_file.h"
#include "core/tensor/npy.h"
#include "core/train/data_fingerprint.h"
#include "core/train/event_file.h"
#include "core/train/trained_model.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;
using test::contents;
using test::interrupt_at;
using test::SmallRun;
using test::TemporaryFolder;

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// What TensorBoard shows, in the order in which it was written.
std::vector<std::tuple<std::int64_t, std::string, std::string>> events_of(const fs::path& run) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(run / "events")) files.push_back(entry.path());
  std::ranges::sort(files, {}, [](const fs::path& file) { return std::stoll(file.extension().string().substr(1)); });
  std::vector<std::tuple<std::int64_t, std::string, std::string>> events;
  for (const fs::path& file : files) {
    for (const EventRecord& record : read_event_file(file).records) {
      for (const EventValue& value : record.values)
        events.emplace_back(record.step, value.tag, std::to_string(value.number));
    }
  }
  return events;
}

void expect_same_files(const fs::path& run, const fs::path& other) {
  EXPECT_EQ(events_of(run), events_of(other));
  for (const char* name : {"last.safetensors", "best.safetensors", "metrics.jsonl", "config.json"}) {
    ASSERT_FALSE(contents(run / name).empty()) << name;
    EXPECT_TRUE(contents(run / name) == contents(other / name)) << name;
  }
}

/// Everything that a checkpoint has to carry is in use.
SmallRun run_with_everything() {
  SmallRun run;
  run.train.steps = 9;
  run.train.accumulate = 2;
  run.train.ema = 0.9;
  run.train.schedule.type = ScheduleType::kPlateau;
  run.train.schedule.patience = 0;
  run.train.schedule.threshold = 0.5;
  run.data.augment = {Augmentation::kFlip};
  run.data.mask_channel = true;
  run.model.coordinates = true;
  run.model.guide = Guidance::kExtrapolation;
  run.data.sampling = {.by = SamplingBy::kRain, .threshold = 0.5, .unit = ThresholdUnit::kValue, .unbiased = true};
  return run;
}

TEST(Trainer, WritesTheRunFolderAndLearns) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.steps = 40;
  run.train.validate_every = 20;
  const TrainResult result = run.go(run.request(folder.path() / "run"));
  EXPECT_EQ(result.end, TrainEnd::kFinished);
  EXPECT_EQ(result.steps, 40);
  const std::vector<json::Value> records = read_metrics(folder.path() / "run" / "metrics.jsonl");
  ASSERT_EQ(records.size(), 42u);
  const double first = records.front().at("loss", "").get<double>("");
  EXPECT_LT(result.last_loss, 0.7 * first);
  EXPECT_EQ(records.back().at("validation", "").at("mse", "").get<double>(""), result.best_score);
  for (const char* name : {"last.safetensors", "best.safetensors", "config.json", "log.txt", "last.state"}) {
    EXPECT_TRUE(fs::exists(folder.path() / "run" / name)) << name;
  }
}

TEST(Trainer, SameSeedSameBits) {
  const TemporaryFolder folder;
  SmallRun run;
  run.go(run.request(folder.path() / "a"));
  run.go(run.request(folder.path() / "b"));
  expect_same_files(folder.path() / "a", folder.path() / "b");
  run.train.seed = 2;
  run.go(run.request(folder.path() / "c"));
  EXPECT_NE(contents(folder.path() / "a/metrics.jsonl"), contents(folder.path() / "c/metrics.jsonl"));
}

TEST(Trainer, InterruptedAnywhereAndResumedEqualsUninterrupted) {
  const TemporaryFolder folder;
  const SmallRun run = run_with_everything();
  run.go(run.request(folder.path() / "whole"));
  int validations_due = 0;
  for (std::int64_t count = 1;; ++count) {
    SCOPED_TRACE(count);
    ASSERT_LT(count, 60);
    const fs::path parts = folder.path() / ("parts" + std::to_string(count));
    const TrainResult first = run.go(run.request(parts), interrupt_at(count));
    if (first.end == TrainEnd::kFinished) break;
    EXPECT_EQ(first.end, TrainEnd::kInterrupted);
    validations_due += read_checkpoint(parts / "last.state").validation_due ? 1 : 0;
    run.go(run.request(parts, RunStart::kResume), interrupt_at(2));
    EXPECT_EQ(run.go(run.request(parts, RunStart::kResume)).end, TrainEnd::kFinished);
    expect_same_files(folder.path() / "whole", parts);
  }
  // After steps 2, 4, 6, 8 and 9, each before it begins, before its first batch and before its second.
  EXPECT_EQ(validations_due, 5 * 3);
}

TEST(Trainer, ResumeCutsOffWhatCameAfterTheState) {
  const TemporaryFolder folder;
  const SmallRun run = run_with_everything();
  run.go(run.request(folder.path() / "whole"));
  run.go(run.request(folder.path() / "parts"), interrupt_at(3));
  std::ofstream(folder.path() / "parts/metrics.jsonl", std::ios::app) << "{\"step\":4,\"loss\":1}\n{\"st";
  run.go(run.request(folder.path() / "parts", RunStart::kResume));
  expect_same_files(folder.path() / "whole", folder.path() / "parts");
}

TEST(Trainer, AValidationIsToldOnceThoughTheStateBeforeItIsResumedTwice) {
  const TemporaryFolder folder;
  const SmallRun run = run_with_everything();
  run.go(run.request(folder.path() / "whole"));
  const fs::path parts = folder.path() / "parts";
  for (std::int64_t count = 1; !fs::exists(parts) || !read_checkpoint(parts / "last.state").validation_due; ++count) {
    ASSERT_LT(count, 20);
    fs::remove_all(parts);
    run.go(run.request(parts), interrupt_at(count));
  }
  fs::copy_file(parts / "last.state", folder.path() / "kept.state");
  run.go(run.request(parts, RunStart::kResume));
  // As after a kill behind the validation, before its state was written.
  fs::copy_file(folder.path() / "kept.state", parts / "last.state", fs::copy_options::overwrite_existing);
  run.go(run.request(parts, RunStart::kResume));
  expect_same_files(folder.path() / "whole", parts);
}

/// The step of a model file, 0 where there is none.
std::int64_t step_of(const fs::path& model) {
  if (!fs::exists(model)) return 0;
  return read_model_file(model.string()).training.at("step", "").get<std::int64_t>("");
}

/// Whatever the moment of a kill: no model is of a step that the state has not taken.
void expect_models_behind_the_state(const fs::path& run) {
  const std::int64_t last = step_of(run / "last.safetensors");
  const std::int64_t best = step_of(run / "best.safetensors");
  if (!fs::exists(run / "last.state")) {
    EXPECT_EQ(std::max(last, best), 0);
    return;
  }
  const Checkpoint state = read_checkpoint(run / "last.state");
  EXPECT_LE(last, state.step);
  EXPECT_LE(best, state.best_step);
}

/// Trains in a process of its own and kills it after `milliseconds`; whether it ended before that.
bool train_and_kill(const SmallRun& run, const fs::path& folder, RunStart start, int milliseconds) {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      run.go(run.request(folder, start));
      ::_exit(0);
    } catch (...) {
      ::_exit(1);
    }
  }
  ::usleep(static_cast<useconds_t>(milliseconds) * 1000);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) != 0) << "the resumed run failed";
  return WIFEXITED(status);
}

TEST(Trainer, KilledAtAnyMomentAndResumedEqualsUninterrupted) {
  const TemporaryFolder folder;
  SmallRun run = run_with_everything();
  run.train.steps = 60;
  run.train.validate_every = 7;
  run.train.checkpoint_every = 3;
  run.train.early_stop = 0;
  run.go(run.request(folder.path() / "whole"));
  Random random(4);
  int kills = 0;
  for (int round = 0; kills < 20; ++round) {
    ASSERT_LT(round, 40);
    const fs::path parts = folder.path() / ("parts" + std::to_string(round));
    RunStart start = RunStart::kNew;
    while (kills < 20 && !train_and_kill(run, parts, start, 5 + static_cast<int>(random.below(60)))) {
      ++kills;
      if (fs::exists(parts)) expect_models_behind_the_state(parts);
      start = fs::exists(parts) ? RunStart::kResume : RunStart::kNew;
    }
    run.go(run.request(parts, fs::exists(parts) ? RunStart::kResume : RunStart::kNew));
    expect_same_files(folder.path() / "whole", parts);
  }
}

TEST(Trainer, AResumedRunMakesTheModelsOfItsStateFirst) {
  // As after a kill between last.state and the models, and a change of the learning rate.
  const TemporaryFolder folder;
  SmallRun run = run_with_everything();
  run.train.validate_every = 4;
  run.train.checkpoint_every = 2;
  run.go(run.request(folder.path() / "run"), interrupt_at(2));
  const std::string before = contents(folder.path() / "run/last.safetensors");
  run.train.steps = 4;
  run.go(run.request(folder.path() / "run", RunStart::kResume));
  const fs::path best = folder.path() / "run/best.safetensors", last = folder.path() / "run/last.safetensors";
  ASSERT_EQ(step_of(best), 4);
  const std::string after = contents(best);
  std::ofstream(best, std::ios::binary) << before;
  std::ofstream(last, std::ios::binary) << before;
  run.train.optimizer.lr = 0;
  run.train.steps = 9;
  run.go(run.request(folder.path() / "run", RunStart::kResume), interrupt_at(1));
  EXPECT_TRUE(contents(best) == after);
  EXPECT_EQ(step_of(last), 5);
}

TEST(Trainer, TwoTrainingsCannotShareAFolder) {
  const TemporaryFolder folder;
  const SmallRun run;
  std::string message;
  const auto second = [&] {
    message = message_of([&] { run.go(run.request(folder.path() / "run", RunStart::kResume)); });
    return true;
  };
  run.go(run.request(folder.path() / "run"), second);
  EXPECT_NE(message.find("another training is writing into it"), std::string::npos) << message;
  EXPECT_EQ(run.go(run.request(folder.path() / "run", RunStart::kResume)).steps, run.train.steps);
}

/// Recorded frames in which ones and zeros differ as `seed` says.
void write_recording(const fs::path& path, std::int64_t frames, std::uint64_t seed) {
  Random random(seed);
  std::vector<float> values;
  for (std::int64_t i = 0; i < frames * 64; ++i) values.push_back(static_cast<float>(random.below(2)));
  std::ofstream stream(path, std::ios::binary);
  const std::vector<std::int64_t> shape{frames, 8, 8};
  write_npy(stream, shape, values);
}

/// A run on the recordings of a folder.
SmallRun run_on(const fs::path& recordings, const fs::path& cache) {
  SmallRun run;
  run.data.sources = {SourceOptions{}};
  run.data.sources.front().path = (recordings / "*.npy").string();
  run.data.cache.dir = cache.string();
  run.data.normalise = {.by = NormaliseBy::kRange, .low = 0, .high = 1};
  return run;
}

TEST(Trainer, ResumesOnlyWithTheDataThatItBeganWith) {
  const TemporaryFolder folder;
  const fs::path clips = folder.path() / "clips";
  fs::create_directory(clips);
  write_recording(clips / "a.npy", 60, 1);
  write_recording(clips / "b.npy", 60, 2);
  SmallRun run = run_on(clips, folder.path() / "cache");
  run.go(run.request(folder.path() / "whole"));
  run.go(run.request(folder.path() / "run"), interrupt_at(2));
  const std::string state = contents(folder.path() / "run/last.state");
  const auto refusal = [&] {
    return message_of([&] { run.go(run.request(folder.path() / "run", RunStart::kResume)); });
  };
  write_recording(clips / "b.npy", 60, 3);
  EXPECT_NE(refusal().find("b.npy shows other pictures"), std::string::npos) << refusal();
  write_recording(clips / "b.npy", 61, 2);
  EXPECT_NE(refusal().find("b.npy had 60 frames, has 61"), std::string::npos) << refusal();
  fs::rename(clips / "b.npy", clips / "c.npy");
  EXPECT_NE(refusal().find("b.npy is gone"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find("c.npy is new"), std::string::npos) << refusal();
  EXPECT_TRUE(contents(folder.path() / "run/last.state") == state);

  // The same frames elsewhere, in files that are younger.
  fs::remove_all(clips);
  const fs::path moved = folder.path() / "moved";
  fs::create_directory(moved);
  write_recording(moved / "a.npy", 60, 1);
  write_recording(moved / "b.npy", 60, 2);
  run = run_on(moved, folder.path() / "cache");
  EXPECT_EQ(run.go(run.request(folder.path() / "run", RunStart::kResume)).end, TrainEnd::kFinished);
  EXPECT_TRUE(contents(folder.path() / "run/metrics.jsonl") == contents(folder.path() / "whole/metrics.jsonl"));
}

TEST(Trainer, AnotherSplitByNamesIsOtherData) {
  // Images tell their names; here the splits of two data sets are compared directly.
  json::Value saved = json::Value::array();
  json::Value row = json::Value::object();
  row.set("name", "images");
  row.set("frames", 9);
  row.set("pictures", "01");
  row.set("splits", "02");
  saved.push_back(row);
  json::Value now = json::Value::array();
  row.set("splits", "03");
  now.push_back(row);
  EXPECT_NO_THROW(check_same_data(saved, saved, "last.state"));
  const std::string message = message_of([&] { check_same_data(saved, now, "run/last.state"); });
  EXPECT_NE(message.find("images is split otherwise"), std::string::npos) << message;
}

TEST(Trainer, ModelFilesHoldTheAverageAndTheStateTheRawWeights) {
  const TemporaryFolder folder;
  const SmallRun run = run_with_everything();
  run.go(run.request(folder.path() / "run"));
  const Checkpoint state = read_checkpoint(folder.path() / "run/last.state");
  const ModelFile model = read_model_file((folder.path() / "run/last.safetensors").string());
  std::vector<float> stored;
  for (const NamedTensor& tensor : model.tensors)
    stored.insert(stored.end(), tensor.values.begin(), tensor.values.end());
  EXPECT_EQ(stored, state.average);
  EXPECT_NE(stored, state.weights);
  EXPECT_EQ(state.next_batch, 18);
}

/// Four good steps, and a copy of their folder beside it.
void train_four_steps(SmallRun run, const fs::path& folder, const fs::path& copy) {
  run.train.steps = 4;
  run.go(run.request(folder));
  fs::copy(folder, copy, fs::copy_options::recursive);
}

TEST(Trainer, BadNumbersLeaveTheLastGoodStateAndALowerRateGoesOnFromThere) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.optimizer = {.type = OptimizerRule::kSgd, .lr = 0.01};
  run.train.clip_norm = 0;
  run.train.steps = 9;
  run.train.early_stop = 0;
  const fs::path bad = folder.path() / "bad", good = folder.path() / "good";
  for (const std::int64_t every : {1, 3, 100}) {  // checkpoints of the bad weights would be due at step 5, 6, never
    SCOPED_TRACE(every);
    fs::remove_all(bad);
    fs::remove_all(good);
    run.train.checkpoint_every = every;
    run.train.validate_every = 5;  // of the weights that the fifth step spoils
    train_four_steps(run, bad, good);
    const std::string state = contents(bad / "last.state"), model = contents(bad / "last.safetensors");
    SmallRun steep = run;
    steep.train.optimizer.lr = 1e38;
    const std::string message = message_of([&] { steep.go(steep.request(bad, RunStart::kResume)); });
    EXPECT_NE(message.find("step 6: the loss is not finite (loss "), std::string::npos) << message;
    EXPECT_NE(message.find("learning rate 1e+38, gradient norm "), std::string::npos) << message;
    EXPECT_EQ(message.find("nan"), std::string::npos) << message;
    EXPECT_NE(message.find("last.state holds the state of step 4; go on from there by --resume"), std::string::npos)
        << message;
    EXPECT_NE(contents(bad / "log.txt").find("error " + message), std::string::npos) << contents(bad / "log.txt");
    EXPECT_TRUE(contents(bad / "last.state") == state);
    EXPECT_EQ(read_model_file((bad / "last.safetensors").string()).training.dump(),
              read_model_file((good / "last.safetensors").string()).training.dump());
    EXPECT_EQ(run.go(run.request(bad, RunStart::kResume)).end, TrainEnd::kFinished);
    run.go(run.request(good, RunStart::kResume));
    expect_same_files(good, bad);
  }
}

TEST(Trainer, BadNumbersAtTheFirstStepsAreGotPastToo) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.optimizer = {.type = OptimizerRule::kSgd, .lr = 1e38};
  run.train.clip_norm = 0;
  const std::string message = message_of([&] { run.go(run.request(folder.path() / "run")); });
  EXPECT_NE(message.find("step 2: the loss is not finite"), std::string::npos) << message;
  EXPECT_NE(message.find("last.state holds the state of step 0; go on"), std::string::npos) << message;
  run.train.optimizer.lr = 0.01;
  EXPECT_EQ(run.go(run.request(folder.path() / "run", RunStart::kResume)).end, TrainEnd::kFinished);
}

TEST(Trainer, WeightsWithoutAFiniteLossAreNoGoodAdviceToResume) {
  // Saved by an interrupt before anything could show that they are bad.
  const TemporaryFolder folder;
  SmallRun run;
  run.train.optimizer = {.type = OptimizerRule::kSgd, .lr = 1e37};
  run.train.clip_norm = 0;
  run.go(run.request(folder.path() / "run"), interrupt_at(1));
  run.train.optimizer.lr = 0.01;
  const std::string message = message_of([&] { run.go(run.request(folder.path() / "run", RunStart::kResume)); });
  EXPECT_NE(message.find("step 1, which gives this whatever the learning rate"), std::string::npos) << message;
}

TEST(Trainer, InfiniteWeightsAreNotSavedAtTheEndEither) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.optimizer = {.type = OptimizerRule::kSgd, .lr = 0.01};
  run.train.clip_norm = 0;
  run.train.validate_every = 0;
  run.train.steps = 2;
  run.go(run.request(folder.path() / "run"));
  run.train.optimizer.lr = 1e308;
  run.train.steps = 3;
  const std::string message = message_of([&] { run.go(run.request(folder.path() / "run", RunStart::kResume)); });
  EXPECT_NE(message.find("the weights are not finite"), std::string::npos) << message;
  EXPECT_NE(message.find("last.state holds the state of step 2"), std::string::npos) << message;
  const Checkpoint state = read_checkpoint(folder.path() / "run/last.state");
  EXPECT_EQ(state.step, 2);
  for (const float weight : state.weights) ASSERT_TRUE(std::isfinite(weight));
  EXPECT_EQ(step_of(folder.path() / "run/last.safetensors"), 2);
}

TEST(Trainer, RainWeightsGoByTheSourcesValues) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.loss.bmse = 1;
  EXPECT_NE(message_of([&] { run.go(run.request(folder.path() / "rate")); }).find("do not measure rain"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(folder.path() / "rate"));
  // Every pixel above 0, which all are or nearly, weighs five times as much.
  run.train.loss.rain_weights = {.thresholds = {0}, .weights = {1, 5}, .unit = ThresholdUnit::kValue};
  run.go(run.request(folder.path() / "weighted"));
  run.train.loss = {};
  run.go(run.request(folder.path() / "plain"));
  const auto first_loss = [&](const char* name) {
    return read_metrics(folder.path() / name / "metrics.jsonl").front().at("loss", "").get<double>("");
  };
  EXPECT_NEAR(first_loss("weighted"), 5 * first_loss("plain"), 1e-6);
  run.train.loss.ssim = 1;
  EXPECT_NE(message_of([&] { run.go(run.request(folder.path() / "small")); }).find("at least 11x11"),
            std::string::npos);
}

TEST(Trainer, AGuidedNetworkBeginsAtItsGuide) {
  const TemporaryFolder folder;
  SmallRun run;
  run.model.guide = Guidance::kExtrapolation;
  run.train.steps = 1;
  run.train.optimizer.lr = 1e-30;
  const TrainResult result = run.go(run.request(folder.path() / "run"));
  // The loss of repeating the last frame, 0.01 brighter each time, over the validation sequences.
  NullLog log;
  const DataSet data(run.data, engine_sources(), log);
  double sum = 0;
  std::int64_t values = 0;
  for (std::int64_t n = 0; n < 3; ++n) {
    Sequence sequence;
    data.read(Split::kValidation, n, sequence);
    for (std::int64_t lead = 1; lead <= 2; ++lead) {
      for (std::int64_t i = 0; i < 64; ++i, ++values) {
        const double last = sequence.frames[static_cast<std::size_t>(2 * 64 + i)];
        const double error =
            last + 0.01 * static_cast<double>(lead) - sequence.frames[static_cast<std::size_t>((2 + lead) * 64 + i)];
        sum += error * error;
      }
    }
  }
  EXPECT_NEAR(result.best_score, sum / static_cast<double>(values), 1e-6);
}

TEST(Trainer, AGuideNeedsWhatMakesIt) {
  const TemporaryFolder folder;
  SmallRun run;
  run.model.guide = Guidance::kExtrapolation;
  NullLog log;
  NoPictures pictures;
  ReferenceBackend backend;
  const DataSet data(run.data, engine_sources(), log);
  const std::string message = message_of([&] {
    Trainer trainer(run.request(folder.path() / "run"),
                    {.backend = backend, .data = data, .log = log, .pictures = pictures});
  });
  EXPECT_NE(message.find("[model.guide] needs optical flow"), std::string::npos) << message;
}

class BrokenPictures : public NoPictures {
 public:
  void draw_curves(const fs::path&, const std::string&, const std::vector<json::Value>&) override {
    fail("[file] curves.png: the disk is full");
  }
};

TEST(Trainer, PicturesThatCannotBeDrawnEndNothing) {
  const TemporaryFolder folder;
  const SmallRun run;
  BrokenPictures pictures;
  const TrainResult result = run.go(
      run.request(folder.path() / "run"), [] { return false; }, pictures);
  EXPECT_EQ(result.end, TrainEnd::kFinished);
  EXPECT_EQ(read_checkpoint(folder.path() / "run/last.state").step, run.train.steps);
  EXPECT_NE(contents(folder.path() / "run/log.txt").find("the disk is full"), std::string::npos);
}

TEST(Trainer, APlateauNeedsValidation) {
  const TemporaryFolder folder;
  SmallRun run;
  run.data.sources.front().validation_sequences = 0;
  run.train.schedule.type = ScheduleType::kPlateau;
  const std::string message = message_of([&] { run.go(run.request(folder.path() / "run")); });
  EXPECT_NE(message.find("plateau"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
  run.train.schedule.type = ScheduleType::kConstant;
  EXPECT_NO_THROW(run.go(run.request(folder.path() / "run")));
}

TEST(Trainer, TheRangeOfValuesMustNotBeEmpty) {
  const TemporaryFolder folder;
  SmallRun run;
  run.data.normalise = {.by = NormaliseBy::kNone, .low = 300};
  const std::string message = message_of([&] { run.go(run.request(folder.path() / "run")); });
  EXPECT_NE(message.find("low is 300"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

TEST(Trainer, StopsEarlyWithoutABetterScore) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.optimizer.lr = 0;
  run.train.steps = 100;
  run.train.early_stop = 3;
  const TrainResult result = run.go(run.request(folder.path() / "run"));
  EXPECT_EQ(result.end, TrainEnd::kEarlyStop);
  EXPECT_EQ(result.steps, 2 + 3 * 2);
  EXPECT_EQ(result.best_step, 2);
}

TEST(Trainer, BestFollowsTheMetricsDirection) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.steps = 20;
  run.train.best_metric = "psnr";
  run.train.early_stop = 0;
  const TrainResult result = run.go(run.request(folder.path() / "run"));
  double best = 0;
  for (const json::Value& record : read_metrics(folder.path() / "run/metrics.jsonl")) {
    if (const json::Value* scores = record.find("validation")) {
      best = std::max(best, scores->at("psnr", "").get<double>(""));
    }
  }
  EXPECT_EQ(result.best_score, best);
  run.train.best_metric = "psrn";
  EXPECT_THROW(run.go(run.request(folder.path() / "other")), Error);
  EXPECT_FALSE(fs::exists(folder.path() / "other"));
}

TEST(Trainer, StartsFromAModel) {
  const TemporaryFolder folder;
  SmallRun run;
  run.go(run.request(folder.path() / "first"));
  TrainRequest request = run.request(folder.path() / "second");
  request.initial_model = (folder.path() / "first").string();
  request.train.optimizer.lr = 0;
  request.train.steps = 1;
  run.go(request);
  const ModelFile before = read_model_file((folder.path() / "first/best.safetensors").string());
  const ModelFile after = read_model_file((folder.path() / "second/last.safetensors").string());
  for (const NamedTensor& tensor : before.tensors) EXPECT_EQ(after.find(tensor.name)->values, tensor.values);

  run.model.levels.front().hidden = 5;
  request = run.request(folder.path() / "third");
  request.initial_model = (folder.path() / "first").string();
  const std::string message = message_of([&] { run.go(request); });
  EXPECT_NE(message.find("another architecture"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder.path() / "third"));
}

TEST(Trainer, RefusesFoldersThatDoNotFit) {
  const TemporaryFolder folder;
  SmallRun run;
  EXPECT_THROW(run.go(run.request(folder.path() / "none", RunStart::kResume)), Error);
  run.go(run.request(folder.path() / "run"));
  const std::string before = contents(folder.path() / "run/last.state");
  EXPECT_NE(message_of([&] { run.go(run.request(folder.path() / "run")); }).find("--resume"), std::string::npos);
  run.model.levels.front().hidden = 4;
  const std::string message = message_of([&] { run.go(run.request(folder.path() / "run", RunStart::kResume)); });
  EXPECT_NE(message.find("model.levels"), std::string::npos) << message;
  EXPECT_TRUE(contents(folder.path() / "run/last.state") == before);
  fs::create_directory(folder.path() / "foreign");
  std::ofstream(folder.path() / "foreign/letter.txt") << "dear";
  EXPECT_THROW(run.go(run.request(folder.path() / "foreign", RunStart::kResume)), Error);
}

TEST(Trainer, ARunWithoutItsStateIsNeitherResumedNorWrittenOver) {
  const TemporaryFolder folder;
  const SmallRun run;
  const fs::path path = folder.path() / "run";
  run.go(run.request(path));
  fs::remove(path / "last.state");
  const std::string model = contents(path / "best.safetensors");
  const auto refusal = [&](RunStart start) { return message_of([&] { run.go(run.request(path, start)); }); };
  EXPECT_NE(
      refusal(RunStart::kResume).find("holds best.safetensors, last.safetensors, metrics.jsonl but no last.state"),
      std::string::npos)
      << refusal(RunStart::kResume);
  EXPECT_NE(refusal(RunStart::kResume).find("--init"), std::string::npos);
  fs::remove(path / "config.json");
  EXPECT_NE(refusal(RunStart::kNew).find("no last.state"), std::string::npos) << refusal(RunStart::kNew);
  EXPECT_TRUE(contents(path / "best.safetensors") == model);
  fs::remove(path / "best.safetensors");
  fs::remove(path / "last.safetensors");
  EXPECT_NE(refusal(RunStart::kResume).find("holds metrics.jsonl"), std::string::npos) << refusal(RunStart::kResume);
  // As after a kill in a run's first moments.
  std::ofstream(path / "metrics.jsonl", std::ios::trunc).flush();
  std::ofstream(path / "config.json") << "{}";
  EXPECT_EQ(run.go(run.request(path, RunStart::kResume)).end, TrainEnd::kFinished);
}

TEST(Trainer, DataThatCannotBeReadLeaveNoFolder) {
  const TemporaryFolder folder;
  SmallRun run;
  run.data.sources.front().path = (folder.path() / "nothere").string();
  EXPECT_NE(message_of([&] { run.go(run.request(folder.path() / "run")); }).find("nothere"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder.path() / "run"));
}

TEST(Trainer, ARunMayBeMadeLonger) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.steps = 4;
  run.go(run.request(folder.path() / "parts"));
  run.train.steps = 8;
  run.go(run.request(folder.path() / "parts", RunStart::kResume));
  run.go(run.request(folder.path() / "whole"));
  EXPECT_TRUE(contents(folder.path() / "whole/last.safetensors") == contents(folder.path() / "parts/last.safetensors"));
}

}  // namespace
}  // namespace nextframe
