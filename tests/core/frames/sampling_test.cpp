#include "core/frames/sampling.h"

#include "core/frames/batch.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

/// Frames of 8x8: the last 10 of 40 hold rain of 9 in their right half, all others nothing.
class SamplingTest : public ::testing::Test {
 protected:
  SamplingTest() {
    std::vector<std::uint8_t> values;
    for (int i = 0; i < 40 * 64; ++i) values.push_back(i / 64 >= 30 && i % 8 >= 4 ? 9 : 0);
    testing::write_array(folder_ / "rain.npy", {40, 8, 8}, values);
    options_.sources.resize(1);
    options_.sources[0].path = folder_ / "rain.npy";
    options_.context = 3;
    options_.horizon = 2;
    options_.crop = {{4, 4}};
    options_.scene_cuts = SceneCuts::kIgnore;
    options_.cache.dir = folder_ / "cache";
    options_.split = {.train = 1, .validation = 0, .test = 0};
    options_.sampling = {.by = SamplingBy::kRain, .threshold = 5, .unit = ThresholdUnit::kValue, .full_share = 0.5};
  }

  DataSet data() { return DataSet(options_, engine_sources(), log_); }

  NullLog log_;
  testing::ScratchFolder folder_;
  DataOptions options_;
};

TEST_F(SamplingTest, MeasuresTheShareOfRain) {
  const DataSet frames = data();
  const auto threshold = static_cast<float>(frames.sampling_threshold());
  EXPECT_EQ(frames.share_at_least(threshold, Split::kTrain, 0, {0, 4, 4, 4}), 0.0);
  EXPECT_EQ(frames.share_at_least(threshold, Split::kTrain, 35, {0, 4, 4, 4}), 1.0);
  EXPECT_EQ(frames.share_at_least(threshold, Split::kTrain, 35, {0, 2, 4, 4}), 0.5);
  // Frames 28 to 32: of the first, the third and the last only the last two are rainy.
  EXPECT_NEAR(frames.share_at_least(threshold, Split::kTrain, 28, {0, 0, 8, 8}), 2.0 / 3 * 0.5, 1e-12);
}

TEST_F(SamplingTest, TheChanceGrowsWithTheShare) {
  const DataSet frames = data();
  const RainSampler sampler(frames, Split::kTrain, 1);
  EXPECT_EQ(sampler.chance(0), 0.05);
  EXPECT_DOUBLE_EQ(sampler.chance(0.25), 0.05 + 0.95 * 0.5);
  EXPECT_EQ(sampler.chance(0.5), 1);
  EXPECT_EQ(sampler.chance(1), 1);
}

TEST_F(SamplingTest, RainyPiecesComeMoreOften) {
  const DataSet frames = data();
  const RainSampler sampler(frames, Split::kTrain, 1);
  const auto threshold = static_cast<float>(frames.sampling_threshold());
  int dry = 0;
  for (int place = 0; place < 400; ++place) {
    const SequenceDraw drawn = sampler.at(place);
    EXPECT_EQ(drawn.weight, 1);
    EXPECT_EQ(drawn.region.height, 4);
    EXPECT_LE(drawn.region.top, 4);
    EXPECT_LE(drawn.region.left, 4);
    dry += frames.share_at_least(threshold, Split::kTrain, drawn.window, drawn.region) == 0 ? 1 : 0;
  }
  // Drawn without a choice four in five would be dry; kept are one in twenty of those, beside most of the others.
  EXPECT_GT(dry, 20);
  EXPECT_LT(dry, 160);
}

TEST_F(SamplingTest, WeightsUndoTheChoice) {
  options_.sampling.unbiased = true;
  options_.sampling.keep_dry = 0.2;
  const DataSet frames = data();
  const RainSampler sampler(frames, Split::kTrain, 7);
  constexpr int kDraws = 4000;
  double rainy = 0, weights = 0, expected = 0;
  for (int place = 0; place < kDraws; ++place) {
    const SequenceDraw drawn = sampler.at(place);
    rainy += drawn.window >= 30 ? drawn.weight : 0;
    weights += drawn.weight;
  }
  for (std::int64_t window = 0; window < 36; ++window) expected += window >= 30 ? 1.0 / 36 : 0;
  EXPECT_NEAR(rainy / kDraws, expected, 0.03);
  EXPECT_NEAR(weights / kDraws, 1, 0.15);
}

TEST_F(SamplingTest, NoRainAtAllEndsTheSearch) {
  options_.sampling.threshold = 200;
  options_.sampling.keep_dry = 0.01;
  const DataSet frames = data();
  const RainSampler sampler(frames, Split::kTrain, 1);
  for (int place = 0; place < 20; ++place) EXPECT_LT(sampler.at(place).window, 36);
}

TEST_F(SamplingTest, ABatchIsAFunctionOfTheSeedAndItsNumber) {
  options_.sampling.unbiased = true;
  const DataSet frames = data();
  BatchLoader whole(frames, {.batch = 3, .seed = 5});
  BatchLoader later(frames, {.batch = 3, .seed = 5, .first_batch = 4});
  BatchLoader other(frames, {.batch = 3, .seed = 6, .first_batch = 4});
  Batch a, b, c;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(whole.next(a));
  ASSERT_TRUE(later.next(b));
  ASSERT_TRUE(other.next(c));
  EXPECT_EQ(a.context, b.context);
  EXPECT_EQ(a.windows, b.windows);
  EXPECT_EQ(a.weights, b.weights);
  EXPECT_EQ(a.weights.size(), 3U);
  EXPECT_NE(a.context, c.context);
}

TEST_F(SamplingTest, EvaluationTakesEveryWindow) {
  const DataSet frames = data();
  BatchLoader loader(frames, {.order = BatchOrder::kSequential, .batch = 36});
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  EXPECT_EQ(batch.sequences, 36);
  EXPECT_EQ(batch.windows.back(), 35);
  EXPECT_TRUE(batch.weights.empty());
}

TEST_F(SamplingTest, GeneratedSequencesAreChosenToo) {
  options_ = {};
  options_.sources.resize(1);
  options_.sources[0] = {.type = SourceType::kRain, .size = {16, 16}};
  options_.context = 3;
  options_.horizon = 2;
  options_.sampling = {.by = SamplingBy::kRain, .threshold = 0.5, .unit = ThresholdUnit::kValue, .full_share = 0.3};
  const DataSet frames = data();
  const RainSampler sampler(frames, Split::kTrain, 1);
  double chosen = 0, any = 0;
  for (int place = 0; place < 100; ++place) {
    const SequenceDraw drawn = sampler.at(place);
    chosen += frames.share_at_least(0.5F, Split::kTrain, drawn.window, drawn.region);
    any += frames.share_at_least(0.5F, Split::kTrain, place, drawn.region);
  }
  EXPECT_GT(chosen, 1.2 * any);
}

TEST_F(SamplingTest, RatesNeedASourceThatMeasuresThem) {
  options_.sampling.unit = ThresholdUnit::kRate;
  testing::expect_in("data.sampling.threshold: is in mm/h", testing::rejection([&] { data(); }));
}

}  // namespace
}  // namespace nextframe
