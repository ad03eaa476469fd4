#include "core/frames/preprocessing.h"

#include <cmath>
#include <numeric>

#include "core/frames/augmentation.h"
#include "core/frames/scene_cuts.h"
#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::frame_of;

TEST(Resize, MeansOverTheCoveredArea) {
  const Frame small = resized(frame_of(2, 4, 1, {0, 2, 4, 6, 10, 12, 14, 16}), 1, 2);
  EXPECT_EQ(small.pixels, (std::vector<float>{6, 10}));
  // 3 to 2: each pixel covers one and a half.
  const Frame uneven = resized(frame_of(1, 3, 1, {0, 3, 6}), 1, 2);
  EXPECT_NEAR(uneven.pixels[0], 1, 1e-5);
  EXPECT_NEAR(uneven.pixels[1], 5, 1e-5);
}

TEST(Resize, KeepsChannelsApartAndConstantsConstant) {
  Frame frame = frame_of(7, 9, 2, {});
  for (int i = 0; i < 63; ++i) frame.pixels.insert(frame.pixels.end(), {3, 200});
  for (const auto& [height, width] : {std::pair{3, 4}, std::pair{20, 5}, std::pair{13, 31}}) {
    const Frame result = resized(frame, height, width);
    ASSERT_EQ(result.pixels.size(), static_cast<std::size_t>(height * width * 2));
    for (std::size_t i = 0; i < result.pixels.size(); ++i) EXPECT_NEAR(result.pixels[i], i % 2 == 0 ? 3 : 200, 1e-3);
  }
}

TEST(Resize, InterpolatesBetweenCentres) {
  EXPECT_EQ(resized(frame_of(1, 2, 1, {0, 4}), 1, 4).pixels, (std::vector<float>{0, 1, 3, 4}));
}

TEST(Resize, LeavesMissingPixelsOut) {
  Frame frame = frame_of(1, 4, 1, {1, 900, 5, 7});
  frame.mask = {1, 0, 1, 1};
  const Frame small = resized(frame, 1, 2);
  EXPECT_NEAR(small.pixels[0], 1, 1e-5);
  EXPECT_NEAR(small.pixels[1], 6, 1e-5);
  EXPECT_EQ(small.mask, (std::vector<std::uint8_t>{0, 1}));
}

TEST(Channels, GreyColourAndSource) {
  const auto named = [](const char* name) {
    SourceInfo source;
    source.name = name;
    return source;
  };
  Frame colour = frame_of(1, 1, 4, {100, 50, 10, 255});
  apply({.channels = ChannelMode::kGrey}, colour, named("a"));
  ASSERT_EQ(colour.pixels.size(), 1U);
  EXPECT_NEAR(colour.pixels[0], 29.9 + 29.35 + 1.14, 1e-3);
  Frame grey = frame_of(1, 2, 1, {3, 4});
  apply({.channels = ChannelMode::kColor}, grey, named("a"));
  EXPECT_EQ(grey.pixels, (std::vector<float>{3, 3, 3, 4, 4, 4}));
  Frame alpha = frame_of(1, 1, 4, {1, 2, 3, 4});
  apply({.channels = ChannelMode::kColor}, alpha, named("a"));
  EXPECT_EQ(alpha.pixels, (std::vector<float>{1, 2, 3}));
  Frame two = frame_of(1, 1, 2, {1, 2});
  apply({.channels = ChannelMode::kSource}, two, named("a"));
  EXPECT_EQ(two.channels, 2);
  testing::expect_in("has 2 channels",
                     testing::rejection([&] { apply({.channels = ChannelMode::kGrey}, two, named("a")); }));
}

TEST(Symmetry, TurnsAndFlips) {
  const std::vector<int> picture{1, 2, 3, 4, 5, 6};  // 1 2 3 / 4 5 6
  const auto after = [&](const Symmetry& symmetry) {
    std::vector<int> result(6);
    transform(symmetry, 2, 3, 1, picture.data(), result.data());
    return result;
  };
  EXPECT_EQ(after({}), picture);
  EXPECT_EQ(after({.flip_horizontal = true}), (std::vector<int>{3, 2, 1, 6, 5, 4}));
  EXPECT_EQ(after({.flip_vertical = true}), (std::vector<int>{4, 5, 6, 1, 2, 3}));
  EXPECT_EQ(after({.quarter_turns = 1}), (std::vector<int>{3, 6, 2, 5, 1, 4}));  // 3 6 / 2 5 / 1 4
  EXPECT_EQ(after({.quarter_turns = 2}), (std::vector<int>{6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(after({.quarter_turns = 3}), (std::vector<int>{4, 1, 5, 2, 6, 3}));
}

TEST(Symmetry, TurnsOblongPicturesByHalfOnly) {
  Random random(3);
  bool half = false, quarter = false;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(draw_symmetry({Augmentation::kRot90}, false, random).quarter_turns % 2, 0);
    const auto turns = draw_symmetry({Augmentation::kRot90}, true, random).quarter_turns;
    half = half || turns == 2;
    quarter = quarter || turns == 1;
    EXPECT_TRUE(draw_symmetry({}, true, random).identity());
  }
  EXPECT_TRUE(half && quarter);
}

TEST(SceneCuts, FindsJumpsNotFastMotion) {
  std::vector<double> changes(60, 4.0);
  changes[0] = 0;
  changes[20] = 50;
  for (std::size_t t = 40; t < 50; ++t) changes[t] = 11;  // something passes close by
  EXPECT_EQ(find_scene_cuts(changes, {}), (std::vector<std::int64_t>{20}));
  std::vector<double> still(30, 0.01);
  still[10] = 1;  // a hundred times the usual, and yet nothing anybody sees
  EXPECT_TRUE(find_scene_cuts(still, {}).empty());
  EXPECT_TRUE(find_scene_cuts(std::vector<double>{}, {}).empty());
}

TEST(SceneCuts, MeasuresTheMeanDifference) {
  ChangeMeter meter;
  EXPECT_EQ(meter.add(frame_of(2, 2, 1, {0, 0, 0, 0})), 0);
  EXPECT_NEAR(meter.add(frame_of(2, 2, 1, {8, 0, 0, -8})), 4, 1e-9);
}

}  // namespace
}  // namespace nextframe
