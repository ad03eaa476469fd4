#include "core/frames/data_set.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/base/atomic_file.h"
#include "core/frames/frame_cache.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::rejection;

class DataSetTest : public ::testing::Test {
 protected:
  DataOptions options_for(const std::string& path) {
    DataOptions options;
    options.sources.resize(1);
    options.sources[0].path = path;
    options.context = 3;
    options.horizon = 2;
    options.cache.dir = folder_ / "cache";
    return options;
  }
  DataSet make(const DataOptions& options) { return DataSet(options, engine_sources(), log_); }

  NullLog log_;
  testing::ScratchFolder folder_;
};

TEST_F(DataSetTest, ReadsWindowsAndNormalises) {
  testing::write_counting_array(folder_ / "a.npy", 100, 4, 6);
  DataOptions options = options_for(folder_ / "a.npy");
  options.gap = 2;
  const DataSet data(options, engine_sources(), log_);
  EXPECT_EQ(data.height(), 4);
  EXPECT_EQ(data.width(), 6);
  EXPECT_EQ(data.channels(), 1);
  EXPECT_EQ(data.window_count(Split::kTrain), 70 - 9 + 1);
  EXPECT_EQ(data.window_count(Split::kValidation), 2);
  EXPECT_EQ(data.window_count(Split::kTest), 12);
  Sequence sequence;
  data.read(Split::kTest, 1, sequence);
  ASSERT_EQ(sequence.frames.size(), 5U * 24U);
  for (std::size_t t = 0; t < 5; ++t)
    EXPECT_NEAR(sequence.frames[t * 24 + 7], (81 + 2 * static_cast<float>(t)) / 255, 1e-6);
  expect_in("a.npy frames 81-89", data.describe(Split::kTest, 1));
}

TEST_F(DataSetTest, KeepsFramesInOneSplit) {
  testing::write_counting_array(folder_ / "a.npy", 200, 2, 2);
  testing::write_counting_array(folder_ / "b.npy", 90, 2, 2);
  for (const SplitBy by : {SplitBy::kTime, SplitBy::kClip}) {
    DataOptions options = options_for(folder_ / "*.npy");
    options.split.by = by;
    options.split.gap = 3;
    const DataSet data(options, engine_sources(), log_);
    std::array<std::set<std::pair<std::int64_t, std::int64_t>>, 3> seen;
    for (const Split split : kSplits) {
      for (std::int64_t i = 0; i < data.window_count(split); ++i) {
        const Window window = data.window(split, i);
        for (std::int64_t t = 0; t < 5; ++t)
          seen[static_cast<std::size_t>(split)].insert({window.clip, window.first + t});
      }
    }
    EXPECT_FALSE(seen[0].empty());
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = a + 1; b < 3; ++b) {
        for (const auto& frame : seen[a]) EXPECT_FALSE(seen[b].contains(frame));
      }
    }
  }
}

TEST_F(DataSetTest, DecodesOnce) {
  testing::write_counting_array(folder_ / "a.npy", 40, 4, 4);
  const DataOptions options = options_for(folder_ / "a.npy");
  int decoded = 0;
  const DecodeObserver count = [&](const DecodeProgress&) { ++decoded; };
  DataSet(options, engine_sources(), log_, count);
  EXPECT_EQ(decoded, 40);
  DataSet(options, engine_sources(), log_, count);
  EXPECT_EQ(decoded, 40);
  DataOptions resized = options;
  resized.size = {2, 2};
  DataSet(resized, engine_sources(), log_, count);
  EXPECT_EQ(decoded, 80);
  testing::write_counting_array(folder_ / "a.npy", 41, 4, 4);
  DataSet(options, engine_sources(), log_, count);
  EXPECT_EQ(decoded, 121);
}

TEST_F(DataSetTest, DecodesDamagedCacheFilesAgain) {
  testing::write_counting_array(folder_ / "a.npy", 40, 4, 4);
  const DataOptions options = options_for(folder_ / "a.npy");
  int decoded = 0;
  const DecodeObserver count = [&](const DecodeProgress&) { ++decoded; };
  DataSet(options, engine_sources(), log_, count);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "cache")) {
    std::filesystem::resize_file(entry.path(), entry.file_size() - 9);
  }
  DataSet(options, engine_sources(), log_, count);
  EXPECT_EQ(decoded, 80);
}

TEST_F(DataSetTest, StoppingLeavesNoFile) {
  testing::write_counting_array(folder_ / "a.npy", 40, 4, 4);
  const DataOptions options = options_for(folder_ / "a.npy");
  const DecodeObserver stop = [](const DecodeProgress& p) {
    if (p.frame == 7) fail("stopped");
  };
  EXPECT_THROW(DataSet(options, engine_sources(), log_, stop), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "cache"));
}

TEST_F(DataSetTest, SequencesOfAnArrayShareAFileOfTheCache) {
  constexpr std::int64_t kSequences = 50, kFrames = 12, kPixels = 35;
  std::vector<std::uint8_t> values(kSequences * kFrames * kPixels);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i * 7 + i / kPixels);
  testing::write_array(folder_ / "many.npy", {kSequences, kFrames, 5, 7}, values);
  DataOptions options = options_for(folder_ / "many.npy");
  options.scene_cuts = SceneCuts::kIgnore;
  int decoded = 0;
  const DecodeObserver observe = [&](const DecodeProgress& p) {
    EXPECT_EQ(p.frame, ++decoded);
    EXPECT_EQ(p.expected_frames, kSequences * kFrames);
    EXPECT_EQ(p.clips, 1);
  };
  for (int round = 0; round < 2; ++round) {
    const DataSet data(options, engine_sources(), log_, observe);
    ASSERT_EQ(std::ssize(data.clips()), kSequences);
    std::set<std::uint64_t> pictures;
    for (std::int64_t n = 0; n < kSequences; ++n) {
      const ClipSummary& clip = data.clips()[static_cast<std::size_t>(n)];
      EXPECT_EQ(clip.name, (folder_ / "many.npy#") + std::to_string(n));
      EXPECT_EQ(clip.frames, kFrames);
      pictures.insert(clip.pictures);
      const Frame frame = data.frame(n, 3);
      const auto first = static_cast<std::size_t>((n * kFrames + 3) * kPixels);
      for (std::size_t i = 0; i < kPixels; ++i) ASSERT_EQ(frame.pixels[i], static_cast<float>(values[first + i]));
    }
    EXPECT_GT(pictures.size(), 5U);
    const std::filesystem::directory_iterator files(folder_ / "cache");
    EXPECT_EQ(std::distance(begin(files), end(files)), 1);
  }
  EXPECT_EQ(decoded, kSequences * kFrames);
}

TEST_F(DataSetTest, OneSequenceOfAnArrayIsNotTakenForAll) {
  std::vector<std::uint8_t> values(3 * 12 * 25);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint8_t>(i / 300);
  testing::write_array(folder_ / "three.npy", {3, 12, 5, 5}, values);
  for (const auto& [path, clips, pixel] :
       {std::tuple("three.npy", 3, 0.F), std::tuple("three.npy#0", 1, 0.F), std::tuple("three.npy#2", 1, 2.F)}) {
    const DataSet data(options_for(folder_ / path), engine_sources(), log_);
    EXPECT_EQ(std::ssize(data.clips()), clips);
    EXPECT_EQ(data.frame(0, 1).pixels[3], pixel);
  }
}

TEST_F(DataSetTest, ClearsTheCacheOfHalfWrittenFiles) {
  testing::write_counting_array(folder_ / "a.npy", 40, 4, 4);
  std::filesystem::create_directory(folder_ / "cache");
  const std::string dead = folder_ / "cache/.0123456789abcdef.partial-1-0.frames";
  testing::write_text(dead, "half");
  const AtomicFile alive(folder_ / "cache/fedcba9876543210.frames");
  const DataSet data(options_for(folder_ / "a.npy"), engine_sources(), log_);
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(alive.temporary()));
}

TEST_F(DataSetTest, WarnsOfAFewShortClipsByName) {
  class Warnings : public Log {
   public:
    void write(LogLevel level, const std::string& message) override {
      if (level == LogLevel::kWarning) lines.push_back(message);
    }
    std::vector<std::string> lines;
  } log;
  testing::write_array(folder_ / "short.npy", {30, 4, 5, 5}, std::vector<std::uint8_t>(30 * 4 * 25));
  testing::write_counting_array(folder_ / "long.npy", 40, 5, 5);
  DataOptions options = options_for(folder_ / "short.npy");
  options.sources.push_back(options.sources.front());
  options.sources.back().path = folder_ / "long.npy";
  const DataSet data(options, engine_sources(), log);
  ASSERT_EQ(log.lines.size(), 6U);
  expect_in("short.npy#4: 4 frames are too few", log.lines[4]);
  expect_in("and 25 more", log.lines[5]);
}

TEST_F(DataSetTest, CacheStaysWithinItsLimit) {
  CacheOptions cache;
  cache.dir = folder_ / "cache";
  cache.limit_gb = 0.001;
  for (int i = 0; i < 6; ++i) {
    const std::string path = folder_ / ("a" + std::to_string(i) + ".npy");
    testing::write_counting_array(path, 50, 80, 80);  // 0.32 MB each
    DataOptions options = options_for(path);
    options.cache = cache;
    DataSet(options, engine_sources(), log_);
    std::uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::directory_iterator(cache.dir)) bytes += entry.file_size();
    EXPECT_LE(bytes, 1000000U + 20000U);
  }
  DataOptions all = options_for(folder_ / "a*.npy");
  all.cache = cache;
  expect_in("data.cache.limit_gb", rejection([&] { make(all); }));
}

TEST_F(DataSetTest, KeepsSixteenBitsAndFloats) {
  std::vector<std::uint16_t> deep(30 * 4);
  std::vector<float> real(30 * 4);
  for (std::size_t i = 0; i < deep.size(); ++i) {
    deep[i] = static_cast<std::uint16_t>(60000 + i);
    real[i] = static_cast<float>(i) * 0.37F - 5;
  }
  testing::write_array(folder_ / "deep.npy", {30, 2, 2}, deep);
  testing::write_array(folder_ / "real.npy", {30, 2, 2}, real);
  Sequence sequence;
  const DataSet sixteen(options_for(folder_ / "deep.npy"), engine_sources(), log_);
  sixteen.read(Split::kTrain, 2, sequence);
  for (std::size_t i = 0; i < 20; ++i) EXPECT_NEAR(sequence.frames[i] * 65535, deep[8 + i], 0.01);
  // Beyond 0..1 the range is that of the training frames, 0 to 20.
  const DataSet floats(options_for(folder_ / "real.npy"), engine_sources(), log_);
  EXPECT_NEAR(floats.normalisation().offset, -5, 1e-6);
  EXPECT_NEAR(floats.normalisation().scale, 83 * 0.37, 1e-4);
  floats.read(Split::kTrain, 2, sequence);
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_NEAR(floats.normalisation().from_network(sequence.frames[i]), real[8 + i], 1e-4);
}

TEST_F(DataSetTest, NormalisesAsAsked) {
  testing::write_counting_array(folder_ / "a.npy", 100, 2, 2);
  DataOptions options = options_for(folder_ / "a.npy");
  options.normalise.low = 10;
  options.normalise.high = 30;
  EXPECT_EQ(make(options).normalisation().offset, 10);
  EXPECT_EQ(make(options).normalisation().scale, 20);
  options.normalise.by = NormaliseBy::kStandard;
  EXPECT_NEAR(make(options).normalisation().offset, 34.5, 1e-9);
  EXPECT_NEAR(make(options).normalisation().scale, std::sqrt((70.0 * 70.0 - 1) / 12), 1e-9);
  options.normalise.by = NormaliseBy::kNone;
  EXPECT_EQ(make(options).normalisation().scale, 1);
  options.normalise = {.by = NormaliseBy::kRange, .low = 5, .high = 5};
  expect_in("expected low below high", rejection([&] { make(options); }));
}

TEST_F(DataSetTest, AvoidsSceneCuts) {
  std::vector<std::uint8_t> values;
  for (int t = 0; t < 60; ++t)
    values.insert(values.end(), 16, static_cast<std::uint8_t>(t < 25 ? 10 + t % 2 : 200 + t % 2));
  testing::write_array(folder_ / "a.npy", {60, 4, 4}, values);
  DataOptions options = options_for(folder_ / "a.npy");
  options.split.train = 1;
  options.split.validation = options.split.test = 0;
  const DataSet data(options, engine_sources(), log_);
  EXPECT_EQ(data.clips()[0].cuts, (std::vector<std::int64_t>{25}));
  EXPECT_EQ(data.window_count(Split::kTrain), 21 + 31);
  options.scene_cuts = SceneCuts::kIgnore;
  EXPECT_EQ(make(options).window_count(Split::kTrain), 56);
}

TEST_F(DataSetTest, RejectsWhatCannotTrain) {
  testing::write_counting_array(folder_ / "short.npy", 4, 4, 4);
  expect_in("got 4 frames, expected at least 5 (context 3 + horizon 2)",
            rejection([&] { make(options_for(folder_ / "short.npy")); }));
  testing::write_counting_array(folder_ / "a.npy", 40, 4, 4);
  testing::write_counting_array(folder_ / "b.npy", 40, 4, 6);
  expect_in("set data.size", rejection([&] { make(options_for(folder_ / "?.npy")); }));
  DataOptions options = options_for(folder_ / "?.npy");
  options.size = {4, 4};
  EXPECT_EQ(make(options).width(), 4);
  options.crop = {5, 4};
  expect_in("[data.crop]", rejection([&] { make(options); }));
  options = options_for(folder_ / "a.npy");
  options.sources.push_back(options.sources[0]);
  expect_in("given twice", rejection([&] { make(options); }));
  options.sources.clear();
  expect_in("[data.sources] is empty", rejection([&] { make(options); }));
  options = options_for(folder_ / "a.npy");
  options.sources.push_back({.type = SourceType::kBalls});
  expect_in("mixes", rejection([&] { make(options); }));
  options = options_for(folder_ / "a.npy");
  testing::write_text(folder_ / "file", "x");
  options.cache.dir = folder_ / "file/below";
  expect_in("[data.cache.dir]", rejection([&] { make(options); }));
}

TEST_F(DataSetTest, GeneratesSequences) {
  DataOptions options = options_for("");
  options.sources[0] = {.type = SourceType::kBalls, .size = {32, 48}, .objects = 2, .speed = 2};
  const DataSet data(options, engine_sources(), log_);
  EXPECT_TRUE(data.generated());
  EXPECT_EQ(data.height(), 32);
  EXPECT_EQ(data.width(), 48);
  EXPECT_EQ(data.window_count(Split::kTrain), DataSet::kEndless);
  EXPECT_EQ(data.window_count(Split::kValidation), 100);
  Sequence a, b, c, again, piece;
  data.read(Split::kTrain, 5, a);
  data.read(Split::kTest, 5, b);
  data.read(Split::kTrain, 6, c);
  data.read(Split::kTrain, 5, again);
  ASSERT_EQ(a.frames.size(), 5U * 32U * 48U);
  EXPECT_EQ(a.frames, again.frames);
  EXPECT_NE(a.frames, b.frames);
  EXPECT_NE(a.frames, c.frames);
  data.read(Split::kTrain, 5, {3, 7, 8, 9}, piece);
  ASSERT_EQ(piece.frames.size(), 5U * 72U);
  for (std::size_t i = 0; i < piece.frames.size(); ++i) {
    const std::size_t t = i / 72, y = i / 9 % 8, x = i % 9;
    EXPECT_EQ(piece.frames[i], a.frames[(t * 32 + y + 3) * 48 + x + 7]);
  }
}

}  // namespace
}  // namespace nextframe
