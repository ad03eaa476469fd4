#include "core/frames/batch.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/base/random.h"
#include "tests/core/frames/frames_support.h"
#include "tests/core/frames/persistence_guide.h"

namespace nextframe {
namespace {

using testing::frame_of;

class BatchTest : public ::testing::Test {
 protected:
  DataOptions options_for(const std::string& path) {
    DataOptions options;
    options.sources.resize(1);
    options.sources[0].path = path;
    options.context = 3;
    options.horizon = 2;
    options.scene_cuts = SceneCuts::kIgnore;
    options.normalise.by = NormaliseBy::kNone;
    options.cache.dir = folder_ / "cache";
    options.split = {.train = 1, .validation = 0, .test = 0};
    return options;
  }

  NullLog log_;
  testing::ScratchFolder folder_;
};

TEST_F(BatchTest, PutsTimeFirst) {
  testing::write_counting_array(folder_ / "a.npy", 30, 2, 3);
  const DataSet data(options_for(folder_ / "a.npy"), engine_sources(), log_);
  BatchLoader loader(data, {.order = BatchOrder::kSequential, .batch = 4});
  EXPECT_EQ(loader.batches_per_epoch(), 7);
  Batch batch;
  std::int64_t seen = 0;
  while (loader.next(batch)) {
    ASSERT_EQ(batch.sequences, std::min<std::int64_t>(4, 26 - seen));
    ASSERT_EQ(batch.context.size(), static_cast<std::size_t>(3 * batch.sequences * 6));
    ASSERT_EQ(batch.target.size(), static_cast<std::size_t>(2 * batch.sequences * 6));
    for (std::int64_t n = 0; n < batch.sequences; ++n) {
      EXPECT_EQ(batch.windows[static_cast<std::size_t>(n)], seen + n);
      for (std::int64_t t = 0; t < 5; ++t) {
        const auto& part = t < 3 ? batch.context : batch.target;
        EXPECT_EQ(part[static_cast<std::size_t>((t % 3 * batch.sequences + n) * 6 + 5)],
                  static_cast<float>(seen + n + t));
      }
    }
    seen += batch.sequences;
  }
  EXPECT_EQ(seen, 26);
  EXPECT_FALSE(loader.next(batch));
}

TEST_F(BatchTest, SequentialLimitSpreadsWindows) {
  testing::write_counting_array(folder_ / "a.npy", 104, 2, 2);
  const DataSet data(options_for(folder_ / "a.npy"), engine_sources(), log_);
  BatchLoader loader(data, {.order = BatchOrder::kSequential, .batch = 8, .limit = 5});
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  EXPECT_EQ(batch.windows, (std::vector<std::int64_t>{0, 20, 40, 60, 80}));
  EXPECT_FALSE(loader.next(batch));
}

TEST_F(BatchTest, ShufflesEveryEpochAnotherWay) {
  testing::write_counting_array(folder_ / "a.npy", 54, 2, 2);
  const DataSet data(options_for(folder_ / "a.npy"), engine_sources(), log_);
  BatchLoader loader(data, {.batch = 10, .seed = 4});
  std::array<std::vector<std::int64_t>, 2> epochs;
  Batch batch;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(loader.next(batch));
    auto& epoch = epochs[static_cast<std::size_t>(i / 5)];
    epoch.insert(epoch.end(), batch.windows.begin(), batch.windows.end());
  }
  for (const auto& epoch : epochs) EXPECT_EQ(std::set<std::int64_t>(epoch.begin(), epoch.end()).size(), 50U);
  EXPECT_NE(epochs[0], epochs[1]);
  EXPECT_FALSE(std::is_sorted(epochs[0].begin(), epochs[0].end()));
}

TEST_F(BatchTest, ResumesAtAnyPosition) {
  Random random(5);
  std::vector<std::uint8_t> values(40 * 8 * 8);
  for (auto& value : values) value = static_cast<std::uint8_t>(random.below(256));
  testing::write_array(folder_ / "a.npy", {40, 8, 8}, values);
  DataOptions options = options_for(folder_ / "a.npy");
  options.crop = {6, 6};
  options.augment = {Augmentation::kFlip, Augmentation::kRot90};
  const DataSet data(options, engine_sources(), log_);
  DataOptions balls = options_for("");
  balls.sources[0] = {.type = SourceType::kBalls, .size = {32, 32}, .objects = 2, .speed = 2};
  const DataSet generated(balls, engine_sources(), log_);
  for (const DataSet* each : {&data, &generated}) {
    BatchLoader whole(*each, {.batch = 7, .seed = 9});
    std::vector<Batch> batches(15);
    for (Batch& batch : batches) ASSERT_TRUE(whole.next(batch));
    EXPECT_EQ(whole.position(), 15);
    BatchLoader rest(*each, {.batch = 7, .seed = 9, .first_batch = 11});
    Batch batch;
    for (std::size_t i = 11; i < 15; ++i) {
      ASSERT_TRUE(rest.next(batch));
      EXPECT_EQ(batch.windows, batches[i].windows);
      EXPECT_EQ(batch.context, batches[i].context);
      EXPECT_EQ(batch.target, batches[i].target);
    }
    BatchLoader other(*each, {.batch = 7, .seed = 10});
    ASSERT_TRUE(other.next(batch));
    EXPECT_NE(batch.windows, batches[0].windows);
  }
}

TEST_F(BatchTest, TurnsSequenceAndMaskAlike) {
  // Every pixel's value tells its place and its frame; the mask says whether the value is even.
  std::vector<Frame> frames;
  for (int t = 0; t < 12; ++t) {
    Frame frame = frame_of(6, 6, 1, {});
    for (int i = 0; i < 36; ++i) {
      frame.pixels.push_back(static_cast<float>(i + 100 * t + 1));
      frame.mask.push_back(i % 2 == 0 ? 1 : 0);
    }
    frames.push_back(frame);
  }
  SourceInfo info;
  info.name = "memory";
  info.height = info.width = 6;
  info.channels = 1;
  info.pixel_type = PixelType::kFloat32;
  static std::vector<Frame> shared;
  shared = frames;
  static SourceInfo shared_info;
  shared_info = info;
  const SourceTable table{
      {SourceType::kAuto, "memory", [](const std::string&) { return true; },
       [](const SourceOptions&) {
         return std::vector<ClipReference>{
             {"memory", "memory", [] { return std::make_unique<testing::MemorySource>(shared_info, shared); }}};
       },
       nullptr}};
  testing::write_text(folder_ / "any", "x");
  DataOptions options = options_for(folder_ / "any");
  options.crop = {4, 4};
  options.augment = {Augmentation::kFlip, Augmentation::kRot90};
  const DataSet data(options, table, log_);
  EXPECT_TRUE(data.has_masks());
  BatchLoader loader(data, {.batch = 8, .seed = 2});
  Batch batch;
  std::set<float> corners;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(loader.next(batch));
    ASSERT_EQ(batch.mask.size(), 2U * 8U * 16U);
    ASSERT_EQ(batch.context_mask.size(), 3U * 8U * 16U);
    for (std::size_t n = 0; n < 8; ++n) {
      const float first = static_cast<float>(batch.windows[n]);
      for (std::size_t p = 0; p < 16; ++p) {
        const bool valid = batch.mask[n * 16 + p] == 1;
        EXPECT_EQ(batch.context_mask[(16 + n) * 16 + p] == 1, valid);
        const float place = batch.target[n * 16 + p] - 100 * (first + 3) - 1;
        if (valid) {
          EXPECT_EQ(static_cast<int>(place) % 2, 0);
          // The same pixel of every frame shows the same place.
          EXPECT_EQ(batch.target[(8 + n) * 16 + p], batch.target[n * 16 + p] + 100);
          EXPECT_EQ(batch.context[n * 16 + p], batch.target[n * 16 + p] - 300);
          EXPECT_EQ(batch.mask[(8 + n) * 16 + p], 1);
          if (p == 0) corners.insert(place);
        } else {
          EXPECT_EQ(batch.target[n * 16 + p], 0);
        }
      }
    }
  }
  EXPECT_GT(corners.size(), 6U);  // crops and turns do happen
}

TEST_F(BatchTest, RejectsEmptySplits) {
  testing::write_counting_array(folder_ / "a.npy", 30, 2, 2);
  const DataSet data(options_for(folder_ / "a.npy"), engine_sources(), log_);
  testing::expect_in("no window of 5 frames in the test split",
                     testing::rejection([&] { BatchLoader loader(data, {.split = Split::kTest}); }));
}

TEST_F(BatchTest, StopsInTheMiddle) {
  testing::write_counting_array(folder_ / "a.npy", 30, 2, 2);
  const DataSet data(options_for(folder_ / "a.npy"), engine_sources(), log_);
  for (int i = 0; i < 50; ++i) {
    BatchLoader loader(data, {.batch = 2});
    Batch batch;
    ASSERT_TRUE(loader.next(batch));
    EXPECT_GE(loader.waiting_share(), 0);
    EXPECT_LE(loader.waiting_share(), 1);
  }
}

TEST_F(BatchTest, TheGuideIsCroppedAndTurnedAsTheFramesAre) {
  // Every pixel of the recording is another number, and frames do not change: the guide is the target.
  std::vector<float> values;
  for (int t = 0; t < 12; ++t) {
    for (int i = 0; i < 8 * 6; ++i) values.push_back(static_cast<float>(i) / 48);
  }
  testing::write_array(folder_ / "a.npy", {12, 8, 6}, values);
  DataOptions options = options_for(folder_ / "a.npy");
  options.crop = {{4, 4}};
  options.augment = {Augmentation::kFlip, Augmentation::kRot90};
  const DataSet data(options, engine_sources(), log_);
  for (const BatchOrder order : {BatchOrder::kShuffled, BatchOrder::kSequential}) {
    BatchLoader loader(data, {.order = order, .batch = 4, .guide = test::make_persistence_guide});
    Batch batch;
    for (int b = 0; b < 2; ++b) {
      ASSERT_TRUE(loader.next(batch));
      ASSERT_EQ(batch.guide.size(), batch.target.size());
      for (std::size_t i = 0; i < batch.guide.size(); ++i) {
        const float lead = i < batch.guide.size() / 2 ? 1 : 2;
        ASSERT_NEAR(batch.guide[i], batch.target[i] + 0.01F * lead, 1e-6) << i;
      }
    }
  }
}

TEST_F(BatchTest, PlacesSayWhereTheFramesAreFrom) {
  std::vector<float> values;
  for (int t = 0; t < 12; ++t) {
    for (int i = 0; i < 8 * 6; ++i) values.push_back(static_cast<float>(i));
  }
  testing::write_array(folder_ / "a.npy", {12, 8, 6}, values);
  DataOptions options = options_for(folder_ / "a.npy");
  options.crop = {{4, 4}};
  options.augment = {Augmentation::kFlip, Augmentation::kRot90};
  const DataSet data(options, engine_sources(), log_);
  BatchLoader loader(data, {.batch = 6});
  Batch batch;
  ASSERT_TRUE(loader.next(batch));
  for (std::int64_t n = 0; n < 6; ++n) {
    const std::vector<float> at = coordinates_of(batch.places[static_cast<std::size_t>(n)], 4, 4);
    for (std::int64_t i = 0; i < 16; ++i) {
      const float x = (at[static_cast<std::size_t>(2 * i)] + 1) / 2 * 5,
                  y = (at[static_cast<std::size_t>(2 * i + 1)] + 1) / 2 * 7;
      ASSERT_NEAR(batch.context[static_cast<std::size_t>(n * 16 + i)], 6 * y + x, 1e-4);
    }
  }
}

}  // namespace
}  // namespace nextframe
