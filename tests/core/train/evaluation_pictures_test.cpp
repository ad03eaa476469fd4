#include "core/train/evaluation_pictures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "tests/core/base/temporary_folder.h"

namespace nextframe {
namespace {

constexpr std::int64_t kSide = 40, kHorizon = 3, kElements = kSide * kSide * kHorizon;

/// Two forecasters of four sequences of rain, the third of which is dry and the second the heaviest.
class EvaluationPicturesTest : public testing::Test {
 protected:
  EvaluationPicturesTest() : curves_({"model", "persistence"}, kHorizon, curve_options()), samples_(2) {
    Random random(3);
    const ScoreSelection scores{.metrics = {"mae", "csi", "fss"}, .thresholds = {1}, .windows = {5}};
    ScoreSheet model("model", scores, kHorizon), persistence("persistence", scores, kHorizon);
    const double heaviness[] = {1, 8, 0, 2};
    for (std::int64_t window = 0; window < 4; ++window) {
      std::vector<float> truth, forecast, mask(kElements, 1);
      for (std::int64_t i = 0; i < kElements; ++i) {
        const double rain = heaviness[window] * random.uniform();
        truth.push_back(static_cast<float>(rain));
        forecast.push_back(static_cast<float>(0.5 * rain));
        if (i % kSide < 4) mask[static_cast<std::size_t>(i)] = 0;
      }
      ForecastBatch batch{forecast.data(), truth.data(), mask.data(), kHorizon, 1, kSide, kSide, 1};
      ForecastBatch still = batch;
      still.forecast = truth.data();
      model.add(batch);
      persistence.add(still);
      const std::vector<ForecastBatch> both{batch, still};
      curves_.add(both);
      samples_.add(window, both);
    }
    evaluation_.name = "a model";
    evaluation_.horizon = kHorizon;
    evaluation_.units = "mm/h";
    evaluation_.seconds_per_frame = 300;
    evaluation_.forecasters = {model.scores(), persistence.scores()};
  }

  static CurveOptions curve_options() {
    return {.kind = FieldKind::kRain, .spectra = true, .reliability = true, .thresholds = {1}, .window = 5};
  }

  Evaluation evaluation_;
  CurveCollector curves_;
  SampleKeeper samples_;
  test::TemporaryFolder folder_;
};

TEST_F(EvaluationPicturesTest, KeepsTheSequencesWithTheMostRain) {
  const std::vector<SampleKeeper::Sample> samples = samples_.samples();
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].window, 1);
  EXPECT_EQ(samples[1].window, 3);
  EXPECT_EQ(samples[0].truth.size(), 3U);
  EXPECT_EQ(samples[0].forecasts.size(), 2U);
  EXPECT_EQ(samples[0].truth[0].mask[3], 0);
  EXPECT_EQ(samples[0].truth[0].mask[4], 1);
  SampleKeeper none(0);
  none.add(0, std::vector<ForecastBatch>{});
  EXPECT_TRUE(none.samples().empty());
}

TEST_F(EvaluationPicturesTest, CurvesOfEveryForecaster) {
  const EvaluationCurves curves = curves_.curves();
  ASSERT_EQ(curves.spectra.size(), 2U * 3);
  EXPECT_EQ(curves.spectra[0].lead_time, 1);
  EXPECT_EQ(curves.spectra[2].lead_time, 3);
  EXPECT_EQ(curves.spectra[5].forecaster, "persistence");
  EXPECT_EQ(curves.spectra[0].frames, 4);
  EXPECT_EQ(curves.spectra[0].wavelength.front(), kSide);
  EXPECT_EQ(curves.spectra[0].wavelength.back(), 2);
  EXPECT_EQ(curves.spectra[5].forecast, curves.spectra[5].truth);
  ASSERT_EQ(curves.reliability.size(), 2U);
  std::int64_t count = 0;
  for (const ReliabilityBin& bin : curves.reliability[0].bins) count += bin.count;
  EXPECT_EQ(count, 4 * kHorizon * kSide * (kSide - 4));
}

TEST_F(EvaluationPicturesTest, DrawsAllThereIs) {
  const auto names = [&](const EvaluationCurves& curves, FieldKind kind) {
    std::set<std::string> found;
    StagedFolder folder((folder_.path() / "plots").string(), IfExists::kReplace, is_evaluation_picture, "plot");
    const std::vector<std::filesystem::path> files =
        draw_evaluation(folder, evaluation_, curves, samples_.samples(),
                        {.kind = kind, .captions = {{.title = "one", .last_seen = 0}}});
    folder.commit();
    for (const std::filesystem::path& file : files) {
      EXPECT_GT(std::filesystem::file_size(file), 1000U) << file;
      found.insert(file.filename().string());
    }
    return found;
  };
  EXPECT_EQ(names(curves_.curves(), FieldKind::kRain),
            (std::set<std::string>{"scores.png", "performance.png", "spectra.png", "reliability.png", "maps_1.png",
                                   "maps_2.png"}));
  EXPECT_EQ(names({}, FieldKind::kPicture),
            (std::set<std::string>{"scores.png", "performance.png", "maps_1.png", "maps_2.png"}));
}

}  // namespace
}  // namespace nextframe
