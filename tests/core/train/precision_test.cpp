#include "core/train/precision.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "core/train/trained_model.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

using test::SmallRun;
using test::TemporaryFolder;

class Collected : public Log {
 public:
  void write(LogLevel level, const std::string& message) override { messages.emplace_back(level, message); }
  std::vector<std::pair<LogLevel, std::string>> messages;
};

TEST(Precision, AutoIsBf16OnlyWhereItIsNative) {
  ReferenceBackend emulated;
  EXPECT_EQ(activation_type(Precision::kFloat32, emulated), DType::kFloat32);
  EXPECT_EQ(activation_type(Precision::kBf16, emulated), DType::kBFloat16);
  EXPECT_EQ(activation_type(Precision::kAuto, emulated), DType::kFloat32);
}

TEST(Precision, EmulationIsAWarningThatNamesTheWay) {
  ReferenceBackend backend;
  Collected log;
  report_precision(Precision::kFloat32, backend, log);
  EXPECT_TRUE(log.messages.empty());
  report_precision(Precision::kAuto, backend, log);
  report_precision(Precision::kBf16, backend, log);
  ASSERT_EQ(log.messages.size(), 2u);
  EXPECT_EQ(log.messages[0].first, LogLevel::kInfo);
  EXPECT_EQ(log.messages[1].first, LogLevel::kWarning);
  EXPECT_NE(log.messages[1].second.find("emulated"), std::string::npos);
  EXPECT_NE(log.messages[1].second.find("reference"), std::string::npos);
}

std::vector<float> weights_of(const std::string& path) {
  ReferenceBackend backend;
  return load_model(backend, path).network->parameters().download();
}

TEST(Precision, TrainingInBf16StaysCloseToFloat32) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.steps = 60;
  run.train.validate_every = 60;
  const TrainResult exact = run.go(run.request(folder.path() / "float32"));
  run.train.precision = Precision::kBf16;
  const TrainResult rounded = run.go(run.request(folder.path() / "bf16"));
  EXPECT_NEAR(rounded.best_score, exact.best_score, 0.05 * exact.best_score);
  SmallRun shorter;
  shorter.train.precision = Precision::kBf16;
  const TrainResult begun = shorter.go(shorter.request(folder.path() / "begun"));
  EXPECT_LT(rounded.best_score, 0.9 * begun.best_score) << "it learns";
}

TEST(Precision, ModelsAreFloat32AndMoveBetweenPrecisions) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.precision = Precision::kBf16;
  run.go(run.request(folder.path() / "bf16"));
  const std::string path = (folder.path() / "bf16").string();
  // A rounded weight has no bits in its lower half.
  int unrounded = 0;
  for (const float value : weights_of(path)) unrounded += static_cast<float>(BFloat16(value)) != value ? 1 : 0;
  EXPECT_GT(unrounded, 10);

  ReferenceBackend backend;
  EXPECT_EQ(load_model(backend, path).precision, Precision::kAuto) << "never emulated unasked";
  TrainedModel exact = load_model(backend, path), rounded = load_model(backend, path, Precision::kBf16);
  const Tensor frames = backend.allocate({2, 1, 8, 8, 1}, DType::kFloat32);
  backend.fill(0.3, frames);
  std::vector<std::vector<float>> predictions;
  for (TrainedModel* model : {&exact, &rounded}) {
    const Tensor prediction = model->network->forward(frames, 2, Mode::kInference);
    predictions.emplace_back(static_cast<std::size_t>(prediction.elements()));
    backend.download(prediction, predictions.back().data());
  }
  EXPECT_NE(predictions[0], predictions[1]);
  for (std::size_t i = 0; i < predictions[0].size(); ++i) EXPECT_NEAR(predictions[0][i], predictions[1][i], 0.01) << i;

  TrainRequest continued = run.request(folder.path() / "float32");
  continued.train.precision = Precision::kFloat32;
  continued.initial_model = path;
  EXPECT_EQ(run.go(continued).steps, run.train.steps);
}

TEST(Precision, ARunGoesOnInAnother) {
  const TemporaryFolder folder;
  SmallRun run;
  run.train.precision = Precision::kBf16;
  run.go(run.request(folder.path() / "run"));
  run.train.precision = Precision::kFloat32;
  run.train.steps = 10;
  const TrainResult result = run.go(run.request(folder.path() / "run", RunStart::kResume));
  EXPECT_EQ(result.steps, 10);
  EXPECT_TRUE(std::isfinite(result.last_loss));
}

}  // namespace
}  // namespace nextframe
