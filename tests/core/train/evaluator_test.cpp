#include "core/train/evaluator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/tensor/npy.h"
#include "core/train/model_entrant.h"
#include "tests/core/base/temporary_folder.h"
#include "tests/core/train/small_run.h"

namespace nextframe {
namespace {

using test::SmallRun;

const MetricScores& find(const Evaluation& evaluation, std::size_t forecaster, const std::string& metric) {
  for (const MetricScores& scores : evaluation.forecasters.at(forecaster).metrics) {
    if (scores.metric == metric) return scores;
  }
  throw std::out_of_range(metric);
}

class EvaluatorTest : public testing::Test {
 protected:
  EvaluatorTest() : data_(run_.data, engine_sources(), log_) {
    run_.train.steps = 2;
    run_.go(run_.request(folder_.path() / "run"));
    model_ = load_model(backend_, (folder_.path() / "run").string());
  }

  Evaluation evaluate(std::int64_t batch) {
    EvaluateOptions options;
    options.batch = batch;
    options.display = Progress::Display::kSilent;
    return evaluate_model(backend_, model_, data_, options, log_);
  }

  test::TemporaryFolder folder_;
  NullLog log_;
  SmallRun run_;
  ReferenceBackend backend_;
  DataSet data_;
  TrainedModel model_;
};

TEST_F(EvaluatorTest, ScoresByHand) {
  const Evaluation evaluation = evaluate(2);
  EXPECT_EQ(evaluation.sequences, 5);
  EXPECT_EQ(evaluation.valid_pixels, (std::vector<std::int64_t>{5 * 64, 5 * 64}));
  ASSERT_EQ(evaluation.forecasters.size(), 2u);
  for (int lead = 0; lead < 2; ++lead) {
    double still = 0;
    double forecast = 0;
    for (int n = 0; n < 5; ++n) {
      Sequence sequence;
      data_.read(Split::kTest, n, sequence);
      const Tensor context = backend_.allocate({3, 1, 8, 8, 1}, DType::kFloat32);
      backend_.upload(sequence.frames.data(), context);
      std::vector<float> predicted(2 * 64);
      backend_.download(model_.network->forward(context, 2, Mode::kInference), predicted.data());
      for (int i = 0; i < 64; ++i) {
        const double truth = sequence.frames[static_cast<std::size_t>((3 + lead) * 64 + i)];
        still += std::pow(sequence.frames[static_cast<std::size_t>(2 * 64 + i)] - truth, 2);
        forecast += std::pow(predicted[static_cast<std::size_t>(lead * 64 + i)] - truth, 2);
      }
    }
    const auto place = static_cast<std::size_t>(lead);
    EXPECT_NEAR(find(evaluation, 0, "mse").by_lead_time[place], forecast / 320, 1e-6);
    EXPECT_NEAR(find(evaluation, 1, "mse").by_lead_time[place], still / 320, 1e-9);
    EXPECT_NEAR(find(evaluation, 1, "mse_openstl").by_lead_time[place], still / 5, 1e-6);
  }
  ASSERT_TRUE(evaluation.gain);
  EXPECT_NEAR(evaluation.gain->mean, find(evaluation, 0, "psnr").mean - find(evaluation, 1, "psnr").mean, 1e-6);
}

TEST_F(EvaluatorTest, TheBatchDoesNotMatter) {
  const Evaluation one = evaluate(1);
  const Evaluation many = evaluate(5);
  for (std::size_t m = 0; m < one.forecasters[0].metrics.size(); ++m) {
    const MetricScores& a = one.forecasters[0].metrics[m];
    const MetricScores& b = many.forecasters[0].metrics[m];
    if (std::isnan(a.mean) && std::isnan(b.mean)) continue;  // frames smaller than the metric's window
    EXPECT_NEAR(a.mean, b.mean, 1e-6 * std::abs(a.mean)) << a.metric;
  }
}

TEST_F(EvaluatorTest, SeveralModelsAreScoredAsEachAlone) {
  SmallRun other = run_;
  other.model.levels[0].hidden = 2;
  other.train.seed = 7;
  other.data.normalise.by = NormaliseBy::kRange;
  other.data.normalise.low = -1;
  other.data.normalise.high = 2;
  other.go(other.request(folder_.path() / "other"));
  TrainedModel second = load_model(backend_, (folder_.path() / "other").string());
  EvaluateOptions options;
  options.display = Progress::Display::kSilent;
  options.baselines = {};
  const Evaluation both = evaluate_models(backend_, {{"a", model_}, {"b", second}}, data_, options, log_);
  const Evaluation first_alone = evaluate_model(backend_, model_, data_, options, log_);
  const Evaluation second_alone = evaluate_model(backend_, second, data_, options, log_);
  ASSERT_EQ(both.forecasters.size(), 2U);
  EXPECT_EQ(both.forecasters[1].name, "b");
  EXPECT_EQ(find(both, 0, "mse").mean, find(first_alone, 0, "mse").mean);
  // Alone it is scored on its own range, three times as wide.
  EXPECT_NEAR(find(both, 1, "mse").mean, 9 * find(second_alone, 0, "mse").mean, 1e-6);
  EXPECT_NE(find(both, 0, "mse").mean, find(both, 1, "mse").mean);
  const std::optional<ScoreDifference>& difference = find(both, 1, "mse").beyond_first;
  ASSERT_TRUE(difference && difference->interval);
  EXPECT_NEAR(difference->mean, find(both, 1, "mse").mean - find(both, 0, "mse").mean, 1e-12);
  EXPECT_LE(difference->interval->low, difference->mean);
  EXPECT_GE(difference->interval->high, difference->mean);
}

TEST_F(EvaluatorTest, ModelsThatCannotBeComparedAreRefusedWithTheReason) {
  const auto refuse = [&](const std::string& name, const std::string& reason, auto change) {
    SmallRun other = run_;
    change(other);
    other.go(other.request(folder_.path() / name));
    TrainedModel second = load_model(backend_, (folder_.path() / name).string());
    const std::vector<NamedModel> pair{{"a", model_}, {"b", second}};
    const EvaluateOptions options;
    try {
      evaluate_models(backend_, pair, data_, options, log_);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(reason), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
    }
  };
  refuse("longer", "3 frames after 3", [](SmallRun& run) { run.data.horizon = 3; });
  refuse("sized", "frames of 8x8 pixels", [](SmallRun& run) { run.data.size = {8, 8}; });
}

TEST(Comparable, ModelsThatSeeOtherInputsAreRefused) {
  const auto seeing = [](const std::string& path, std::vector<InputOptions> inputs) {
    TrainedModel model;
    model.path = path;
    model.data.inputs = std::move(inputs);
    model.file.frames.field_channels = static_cast<std::int64_t>(model.data.inputs.size());
    return model;
  };
  const InputOptions height{.name = "height", .type = InputType::kRaster, .path = "here.tif", .mean = 100};
  const TrainedModel first = seeing("first", {height});
  InputOptions elsewhere = height, scaled = height, renamed = height, radar = height;
  elsewhere.path = "there.tif";
  scaled.mean = 200;
  renamed.name = "slope";
  radar.type = InputType::kRadar;
  EXPECT_NO_THROW(check_comparable(seeing("elsewhere", {elsewhere}), first));
  TrainedModel masked = seeing("masked", {height});
  masked.file.frames.field_channels = 2;
  EXPECT_THROW(check_comparable(masked, first), Error);
  EXPECT_THROW(check_comparable(seeing("blind", {}), first), Error);
  EXPECT_THROW(check_comparable(first, seeing("blind", {})), Error);
  EXPECT_THROW(check_comparable(seeing("two", {height, renamed}), first), Error);
  EXPECT_THROW(check_comparable(seeing("renamed", {renamed}), first), Error);
  EXPECT_THROW(check_comparable(seeing("radar", {radar}), first), Error);
  try {
    check_comparable(seeing("scaled", {scaled}), first);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("scaled cannot be compared with first"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("200"), std::string::npos) << error.what();
  }
}

TEST_F(EvaluatorTest, EveryScoreHasAnIntervalAroundIt) {
  const Evaluation evaluation = evaluate(2);
  for (const char* metric : {"mse", "psnr"}) {
    const MetricScores& scores = find(evaluation, 0, metric);
    ASSERT_EQ(scores.intervals.size(), 2U);
    ASSERT_TRUE(scores.mean_interval && scores.intervals[1]);
    EXPECT_LT(scores.mean_interval->low, scores.mean);
    EXPECT_GT(scores.mean_interval->high, scores.mean);
    EXPECT_LT(scores.intervals[1]->low, scores.by_lead_time[1]);
  }
  EvaluateOptions few;
  few.limit = 3;
  few.display = Progress::Display::kSilent;
  EXPECT_TRUE(find(evaluate_model(backend_, model_, data_, few, log_), 0, "mse").intervals.empty());
}

/// Forecasts 0.5 and knows the left half of the frame.
class LeftHalf final : public Baseline {
  void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const override {
    std::fill(forecast.frames.begin(), forecast.frames.end(), 0.5F);
    for (std::int64_t i = 0; i < horizon * context.step_pixels(); ++i) {
      if (i % context.width >= context.width / 2) forecast.mask[static_cast<std::size_t>(i)] = 0;
    }
  }
};

TEST_F(EvaluatorTest, AllAreScoredOnThePixelsThatAllOfThemKnow) {
  std::vector<BaselineEntry> table(engine_baselines().begin(), engine_baselines().end());
  table.push_back(
      {"left", "", [](const BaselineOptions&) -> std::unique_ptr<Baseline> { return std::make_unique<LeftHalf>(); }});
  EvaluateOptions options;
  options.display = Progress::Display::kSilent;
  options.baseline_table = table;
  options.baselines = {"persistence", "left", "climatology"};
  const Evaluation evaluation = evaluate_model(backend_, model_, data_, options, log_);
  EXPECT_EQ(evaluation.valid_pixels, (std::vector<std::int64_t>{5 * 32, 5 * 32}));
  ASSERT_EQ(evaluation.forecasters.size(), 4u);
  double still = 0;
  double half = 0;
  for (int n = 0; n < 5; ++n) {
    Sequence sequence;
    data_.read(Split::kTest, n, sequence);
    for (int i = 0; i < 64; ++i) {
      if (i % 8 >= 4) continue;
      const double truth = sequence.frames[static_cast<std::size_t>(3 * 64 + i)];
      still += std::pow(sequence.frames[static_cast<std::size_t>(2 * 64 + i)] - truth, 2);
      half += std::pow(0.5 - truth, 2);
    }
  }
  EXPECT_NEAR(find(evaluation, 1, "mse").by_lead_time[0], still / 160, 1e-6);
  EXPECT_NEAR(find(evaluation, 2, "mse").by_lead_time[0], half / 160, 1e-6);
  // Hundreds of balls at any place make a better mean than 0.5.
  EXPECT_LT(find(evaluation, 3, "mse").mean, find(evaluation, 2, "mse").mean);
}

TEST_F(EvaluatorTest, RejectsUnknownNames) {
  EvaluateOptions options;
  options.baselines = {"persistance"};
  EXPECT_THROW(evaluate_model(backend_, model_, data_, options, log_), Error);
  options.baselines = {};
  options.scores.metrics = {"mes"};
  EXPECT_THROW(evaluate_model(backend_, model_, data_, options, log_), Error);
}

/// A folder of hindcasts from frames 2 and 5 on, two frames each, all 0.5, with a copy of an input among them.
class HindcastFolder : public FrameSource {
 public:
  HindcastFolder() {
    info_.name = "hindcasts";
    info_.height = 8;
    info_.width = 8;
    info_.channels = 1;
    info_.pixel_type = PixelType::kFloat32;
    info_.high = 1;
  }
  const SourceInfo& info() const override { return info_; }
  bool next(Frame& frame) override {
    static constexpr std::array<const char*, 5> kNames{
        "hindcast_000002_forecast_lead_001.png", "hindcast_000002_forecast_lead_002.png",
        "hindcast_000002_context_001_lead_-1.png", "hindcast_000005_forecast_lead_001.png",
        "hindcast_000005_forecast_lead_002.png"};
    if (number_ == kNames.size()) return false;
    frame = Frame{};
    frame.height = frame.width = 8;
    frame.channels = 1;
    frame.pixels.assign(64, 0.5f);
    frame.name = kNames[number_++];
    return true;
  }

 private:
  SourceInfo info_;
  std::size_t number_ = 0;
};

SourceTable sources_with_hindcasts() {
  SourceTable table = engine_sources();
  SourceKind kind;
  kind.type = SourceType::kImages;
  kind.recognises = [](const std::string& path) { return std::filesystem::is_directory(path); };
  kind.clips = [](const SourceOptions&) {
    return std::vector<ClipReference>{{"hindcasts", "", [] { return std::make_unique<HindcastFolder>(); }}};
  };
  table.insert(table.begin(), kind);
  return table;
}

/// Written forecasts: frames of noise, 0..1, as arrays.
class ScoreForecastsTest : public testing::Test {
 protected:
  ScoreForecastsTest() {
    Random random(1);
    for (int i = 0; i < 10 * 64; ++i) truth_.push_back(static_cast<float>(random.uniform()));
    truth_path_ = write("truth", {10, 8, 8}, truth_);
  }

  std::string write(const std::string& name, const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
    const std::string path = (folder_.path() / (name + ".npy")).string();
    std::ofstream stream(path, std::ios::binary);
    write_npy(stream, shape, values);
    return path;
  }
  std::vector<float> frames(int first, int last) const {
    return {truth_.begin() + first * 64, truth_.begin() + last * 64};
  }
  double still(int first, int lead) const {
    double sum = 0;
    for (int i = 0; i < 64; ++i) {
      const auto place = static_cast<std::size_t>(i);
      sum += std::pow(truth_[static_cast<std::size_t>((first - 1) * 64) + place] -
                          truth_[static_cast<std::size_t>((first + lead) * 64) + place],
                      2);
    }
    return sum / 64;
  }

  test::TemporaryFolder folder_;
  std::vector<float> truth_;
  std::string truth_path_;
};

ScoreOptions silent() {
  ScoreOptions options;
  options.display = Progress::Display::kSilent;
  return options;
}

TEST_F(ScoreForecastsTest, APartOfTheRecording) {
  std::vector<float> forecast = frames(6, 9);
  forecast[64] += 0.5f;
  ScoreOptions options = silent();
  options.first_frame = 6;
  const Evaluation evaluation =
      score_forecasts(engine_sources(), write("forecast", {3, 8, 8}, forecast), truth_path_, options);
  EXPECT_EQ(evaluation.horizon, 3);
  EXPECT_EQ(find(evaluation, 0, "mse").by_lead_time[0], 0);
  EXPECT_NEAR(find(evaluation, 0, "mse").by_lead_time[1], 0.25 / 64, 1e-7);
  EXPECT_NEAR(find(evaluation, 1, "mse").by_lead_time[2], still(6, 2), 1e-7);
}

TEST_F(ScoreForecastsTest, SeveralSequencesInOneArray) {
  std::vector<float> forecast = frames(2, 4);
  for (const int first : {5, 8}) {
    const std::vector<float> next = frames(first, first + 2);
    forecast.insert(forecast.end(), next.begin(), next.end());
  }
  ScoreOptions options = silent();
  options.first_frame = 2;
  options.every = 3;
  const Evaluation evaluation =
      score_forecasts(engine_sources(), write("forecast", {3, 2, 8, 8, 1}, forecast), truth_path_, options);
  EXPECT_EQ(evaluation.sequences, 3);
  EXPECT_EQ(find(evaluation, 0, "mse").mean, 0);
  EXPECT_NEAR(find(evaluation, 1, "mse").by_lead_time[1], (still(2, 1) + still(5, 1) + still(8, 1)) / 3, 1e-7);
}

TEST_F(ScoreForecastsTest, HindcastsSayThemselvesWhatTheyForecast) {
  const Evaluation evaluation =
      score_forecasts(sources_with_hindcasts(), folder_.path().string(), truth_path_, silent());
  EXPECT_EQ(evaluation.sequences, 2);
  EXPECT_EQ(evaluation.horizon, 2);
  double expected = 0;
  for (const int frame : {3, 6}) {
    for (const float pixel : frames(frame, frame + 1)) expected += std::pow(pixel - 0.5, 2) / 128;
  }
  EXPECT_NEAR(find(evaluation, 0, "mse").by_lead_time[1], expected, 1e-7);
  EXPECT_NEAR(find(evaluation, 1, "mse").by_lead_time[1], (still(2, 1) + still(5, 1)) / 2, 1e-7);
}

TEST_F(ScoreForecastsTest, EqualLengthsNeedNoPlace) {
  const Evaluation evaluation = score_forecasts(engine_sources(), truth_path_, truth_path_, silent());
  EXPECT_EQ(evaluation.forecasters.size(), 1u);
  EXPECT_EQ(find(evaluation, 0, "mse").mean, 0);
  EXPECT_TRUE(std::isnan(find(evaluation, 0, "psnr").mean));
}

TEST_F(ScoreForecastsTest, RejectsWhatDoesNotFit) {
  const std::string part = write("part", {3, 8, 8}, frames(0, 3));
  EXPECT_THROW(score_forecasts(engine_sources(), part, truth_path_, silent()), Error);
  ScoreOptions late = silent();
  late.first_frame = 8;
  EXPECT_THROW(score_forecasts(engine_sources(), part, truth_path_, late), Error);
  const std::string wide = write("wide", {3, 4, 16}, frames(0, 3));
  ScoreOptions first = silent();
  first.first_frame = 0;
  EXPECT_THROW(score_forecasts(engine_sources(), wide, truth_path_, first), Error);
}

TEST(GuidedEvaluation, AnUntrainedNetworkScoresAsItsGuide) {
  const test::TemporaryFolder folder;
  SmallRun run;
  run.model.guide = Guidance::kExtrapolation;
  run.model.coordinates = true;
  run.data.crop = {{6, 6}};
  run.train.steps = 1;
  run.train.optimizer.lr = 1e-30;
  run.go(run.request(folder.path() / "run"));
  ReferenceBackend backend;
  TrainedModel model = load_model(backend, (folder.path() / "run").string());
  run.data.crop.reset();
  NullLog log;
  const DataSet data(run.data, engine_sources(), log);
  EvaluateOptions options;
  options.display = Progress::Display::kSilent;
  options.scores.metrics = {"mae"};
  EXPECT_THROW(evaluate_model(backend, model, data, options, log), Error);
  options.guides = [](const FlowOptions&, const FieldScale&) { return test::make_persistence_guide(); };
  const Evaluation evaluation = evaluate_model(backend, model, data, options, log);
  double sum = 0;
  for (std::int64_t n = 0; n < 5; ++n) {
    Sequence sequence;
    data.read(Split::kTest, n, sequence);
    for (std::size_t i = 0; i < 64; ++i) {
      sum += std::abs(sequence.frames[2 * 64 + i] + 0.02F - sequence.frames[4 * 64 + i]);
    }
  }
  EXPECT_NEAR(find(evaluation, 0, "mae").by_lead_time[1], sum / 320, 1e-6);
}

}  // namespace
}  // namespace nextframe
