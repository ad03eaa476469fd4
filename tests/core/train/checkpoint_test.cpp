#include "core/train/checkpoint.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/base/error.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.step = 17;
  checkpoint.next_batch = 34;
  checkpoint.metrics_bytes = 1234;
  checkpoint.schedule = {.best = 0.1, .bad = 2, .cooling = 1, .reduction = 1e-3};
  checkpoint.best_score = 1.0 / 3;
  checkpoint.best_step = 12;
  checkpoint.validations_without_better = 3;
  checkpoint.last_sample_step = 10;
  checkpoint.seconds = 4.5;
  checkpoint.validation_due = true;
  checkpoint.config = json::Value::object();
  checkpoint.config.set("name", "x");
  checkpoint.data = json::Value::array();
  checkpoint.data.push_back("clip");
  checkpoint.weights = {1, -2, 1e-30f, 0.1f};
  checkpoint.first_moment = {0, 1, 2, 3};
  checkpoint.second_moment = {4, 5, 6, 7};
  checkpoint.average = {8, 9, 10, 11};
  return checkpoint;
}

TEST(Checkpoint, ComesBackBitForBit) {
  const test::TemporaryFolder folder;
  const Checkpoint before = example();
  write_checkpoint(folder.path() / "last.state", before);
  const Checkpoint after = read_checkpoint(folder.path() / "last.state");
  EXPECT_EQ(after.step, before.step);
  EXPECT_EQ(after.next_batch, before.next_batch);
  EXPECT_EQ(after.metrics_bytes, before.metrics_bytes);
  EXPECT_EQ(after.schedule, before.schedule);
  EXPECT_EQ(after.best_score, before.best_score);
  EXPECT_EQ(after.best_step, before.best_step);
  EXPECT_EQ(after.validations_without_better, before.validations_without_better);
  EXPECT_EQ(after.last_sample_step, before.last_sample_step);
  EXPECT_EQ(after.seconds, before.seconds);
  EXPECT_EQ(after.validation_due, before.validation_due);
  EXPECT_EQ(after.config, before.config);
  EXPECT_EQ(after.data, before.data);
  EXPECT_EQ(after.weights, before.weights);
  EXPECT_EQ(after.first_moment, before.first_moment);
  EXPECT_EQ(after.second_moment, before.second_moment);
  EXPECT_EQ(after.average, before.average);
}

TEST(Checkpoint, NoScoreYetStaysNoScore) {
  const test::TemporaryFolder folder;
  Checkpoint before = example();
  before.best_score = std::nan("");
  before.average.clear();
  write_checkpoint(folder.path() / "last.state", before);
  const Checkpoint after = read_checkpoint(folder.path() / "last.state");
  EXPECT_TRUE(std::isnan(after.best_score));
  EXPECT_TRUE(after.average.empty());
}

TEST(Checkpoint, RejectsDamageAtAnyByte) {
  const test::TemporaryFolder folder;
  const auto path = folder.path() / "last.state";
  write_checkpoint(path, example());
  const std::string good = test::contents(path);
  const std::size_t metadata = good.find("\"state\"");
  ASSERT_NE(metadata, std::string::npos);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    std::ofstream(path, std::ios::binary) << bad;
    try {
      const Checkpoint read = read_checkpoint(path);
      // Padding of the header, or the name of a key that nobody reads: the content itself must be the same.
      EXPECT_EQ(read.weights, example().weights) << "byte " << i;
      EXPECT_EQ(read.step, 17) << "byte " << i;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kRequest);
    }
  }
  for (std::size_t length = 0; length < good.size(); length += 3) {
    std::ofstream(path, std::ios::binary) << good.substr(0, length);
    EXPECT_THROW(read_checkpoint(path), Error) << length;
  }
}

TEST(Checkpoint, NamesWhatChangedInTheConfiguration) {
  json::Value saved = test::SmallRun().config();
  test::SmallRun changed;
  changed.train.steps = 99;
  changed.train.optimizer.lr = 0.5;
  changed.data.sources.front().path = "moved";
  EXPECT_NO_THROW(check_same_configuration(saved, changed.config(), "last.state"));
  changed.train.batch = 3;
  try {
    check_same_configuration(saved, changed.config(), "last.state");
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("train.batch was 2, is 3"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace nextframe
