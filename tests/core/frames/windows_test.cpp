#include "core/frames/windows.h"

#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::rejection;

/// Checks that no frame is in two segments and that segments of different splits keep `gap` apart.
void expect_disjoint(const std::vector<Segment>& segments, std::int64_t frames, std::int64_t gap) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    EXPECT_LT(segments[i].first, segments[i].last);
    EXPECT_GE(segments[i].first, 0);
    EXPECT_LE(segments[i].last, frames);
    if (i > 0) {
      EXPECT_GE(segments[i].first, segments[i - 1].last + gap);
    }
  }
}

TEST(Splits, ByTimeLeaveTheGapOut) {
  SplitOptions options;
  options.gap = 20;
  for (std::int64_t frames = 1; frames < 400; frames += 7) {
    const std::vector<ClipOutline> clips{{"a", frames, {}}};
    expect_disjoint(assign_splits(options, clips)[0], frames, 20);
  }
  const std::vector<ClipOutline> clips{{"a", 140, {}}};
  const auto segments = assign_splits(options, clips)[0];
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[0].last, 70);
  EXPECT_EQ(segments[1].first, 90);
  EXPECT_EQ(segments[1].last, 100);
  EXPECT_EQ(segments[2].first, 120);
  EXPECT_EQ(segments[2].last, 140);
}

TEST(Splits, ByTimeWithoutValidation) {
  SplitOptions options;
  options.train = 3;
  options.validation = 0;
  options.test = 1;
  options.gap = 4;
  const std::vector<ClipOutline> clips{{"a", 44, {}}};
  const auto segments = assign_splits(options, clips)[0];
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[0].last, 30);
  EXPECT_EQ(segments[1].split, Split::kTest);
  EXPECT_EQ(segments[1].first, 34);
}

TEST(Splits, ByClipGiveEachItsShare) {
  SplitOptions options;
  options.by = SplitBy::kClip;
  const auto sizes = [&](std::size_t count) {
    std::array<int, 3> found{};
    const std::vector<ClipOutline> clips(count, ClipOutline{"a", 10, {}});
    for (const auto& segments : assign_splits(options, clips)) {
      EXPECT_EQ(segments.size(), 1U);
      EXPECT_EQ(segments[0].last, 10);
      ++found[static_cast<std::size_t>(segments[0].split)];
    }
    return found;
  };
  EXPECT_EQ(sizes(10), (std::array{7, 1, 2}));
  EXPECT_EQ(sizes(3), (std::array{1, 1, 1}));
  EXPECT_EQ(sizes(100), (std::array{70, 10, 20}));
  EXPECT_EQ(sizes(1), (std::array{1, 0, 0}));
}

TEST(Splits, ByPathTakeClipsOrFrames) {
  SplitOptions options;
  options.by = SplitBy::kPath;
  options.train_paths = {"monday*.mp4", "201008*.png"};
  options.test_paths = {"clips/tuesday.mp4", "20100901.png"};
  const std::vector<std::string> names{"20100826.png", "20100827.png", "other.png", "20100828.png", "20100901.png"};
  const std::vector<ClipOutline> clips{{"data/clips/monday2.mp4", 9, {}},
                                       {"data/clips/tuesday.mp4", 8, {}},
                                       {"b/else.mp4", 7, {}},
                                       {"images", 5, names}};
  const auto segments = assign_splits(options, clips);
  ASSERT_EQ(segments[0].size(), 1U);
  EXPECT_EQ(segments[0][0].split, Split::kTrain);
  ASSERT_EQ(segments[1].size(), 1U);
  EXPECT_EQ(segments[1][0].split, Split::kTest);
  EXPECT_TRUE(segments[2].empty());
  ASSERT_EQ(segments[3].size(), 3U);
  EXPECT_EQ(segments[3][0].last, 2);
  EXPECT_EQ(segments[3][1].first, 3);
  EXPECT_EQ(segments[3][2].split, Split::kTest);
  expect_disjoint(segments[3], 5, 0);
  options.validation_paths = {"monday2.mp4"};
  expect_in("train_paths and by validation_paths", rejection([&] { assign_splits(options, clips); }));
}

TEST(Splits, RejectPatternsThatNameNothing) {
  SplitOptions options;
  options.by = SplitBy::kPath;
  options.train_paths = {"201008*.png"};
  options.test_paths = {"tuesday.mp4", "201109*.png"};
  const std::vector<std::string> names{"20100826.png", "20100901.png"};
  const std::vector<ClipOutline> clips{{"radar", 2, names}, {"clips/tuesday.mp4", 8, {}}};
  const std::string message = rejection([&] { assign_splits(options, clips); });
  expect_in("[data.split.test_paths] \"201109*.png\" matches no clip and no image", message);
  expect_in("radar with 20100826.png", message);
  options.test_paths.pop_back();
  EXPECT_EQ(assign_splits(options, clips)[1].size(), 1U);
}

TEST(Splits, RejectNothingAtAll) {
  SplitOptions options;
  options.train = options.validation = options.test = 0;
  const std::vector<ClipOutline> clips{{"a", 10, {}}};
  expect_in("all 0", rejection([&] { assign_splits(options, clips); }));
}

TEST(Windows, CountAndKeepWithinScenes) {
  const Segment segment{Split::kTrain, 10, 50};
  EXPECT_EQ(windows_in(segment, {}, 20, 1, 1).size(), 21U);
  EXPECT_EQ(windows_in(segment, {}, 20, 1, 5), (std::vector<std::int64_t>{10, 15, 20, 25, 30}));
  EXPECT_EQ(windows_in(segment, {}, 20, 2, 1), (std::vector<std::int64_t>{10, 11}));
  EXPECT_TRUE(windows_in(segment, {}, 41, 1, 1).empty());
  const std::vector<std::int64_t> cuts{5, 10, 22, 33, 60};
  for (const std::int64_t first : windows_in(segment, cuts, 5, 2, 1)) {
    EXPECT_GE(first, 10);
    EXPECT_LE(first + 9, 50);
    for (const std::int64_t cut : cuts) EXPECT_FALSE(first < cut && cut <= first + 8) << first << " across " << cut;
  }
  EXPECT_EQ(windows_in(segment, cuts, 5, 2, 1).size(), 4U + 3U + 9U);
}

}  // namespace
}  // namespace nextframe
