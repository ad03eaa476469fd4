#include "core/frames/array_source.h"

#include <limits>
#include <numeric>

#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::rejection;

std::vector<std::uint8_t> counting(std::int64_t count) {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), std::uint8_t{0});
  return values;
}

class ArraySourceTest : public ::testing::Test {
 protected:
  std::vector<ClipReference> clips(const std::string& path) {
    SourceOptions options;
    options.path = path;
    return list_clips(engine_sources(), options);
  }

  testing::ScratchFolder folder_;
};

TEST_F(ArraySourceTest, UnderstandsEveryLayout) {
  struct Case {
    std::vector<std::int64_t> shape;
    std::size_t clips, frames;
    std::int64_t height, width, channels;
  };
  for (const Case& each : {Case{{4, 3, 5}, 1, 4, 3, 5, 1}, Case{{2, 3, 5, 4}, 1, 2, 3, 5, 4},
                           Case{{2, 3, 4, 5}, 2, 3, 4, 5, 1}, Case{{2, 3, 4, 5, 2}, 2, 3, 4, 5, 2}}) {
    std::int64_t elements = 1;
    for (const std::int64_t n : each.shape) elements *= n;
    const std::string path = folder_ / "a.npy";
    testing::write_array(path, each.shape, counting(elements));
    const auto found = clips(path);
    ASSERT_EQ(found.size(), each.clips);
    float expected = 0;
    for (const ClipReference& clip : found) {
      const auto source = clip.open();
      EXPECT_EQ(source->info().height, each.height);
      EXPECT_EQ(source->info().width, each.width);
      EXPECT_EQ(source->info().channels, each.channels);
      const auto frames = testing::read_all(*source);
      ASSERT_EQ(frames.size(), each.frames);
      for (const Frame& frame : frames) {
        for (const float pixel : frame.pixels) EXPECT_EQ(pixel, expected++);
      }
    }
  }
}

TEST_F(ArraySourceTest, TakesALayoutAtItsWord) {
  testing::write_array(folder_ / "a.npy", {2, 3, 4, 5}, counting(120));
  SourceOptions options;
  options.path = folder_ / "a.npy";
  options.layout = ArrayLayout::kTHWC;
  const auto channels = list_clips(engine_sources(), options);
  ASSERT_EQ(channels.size(), 1U);
  EXPECT_EQ(channels[0].open()->info().channels, 5);
  EXPECT_EQ(channels[0].reading, "");
  options.layout = ArrayLayout::kNTHW;
  EXPECT_EQ(list_clips(engine_sources(), options).size(), 2U);
  const std::string other = list_clips(engine_sources(), options)[0].identity;
  EXPECT_NE(other, channels[0].identity);
  options.layout = ArrayLayout::kTNHW;
  const auto transposed = list_clips(engine_sources(), options);
  ASSERT_EQ(transposed.size(), 3U);
  const auto frames = testing::read_all(*transposed[2].open());
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1].pixels[7], 3 * 20 + 2 * 20 + 7);
  options.layout = ArrayLayout::kTHW;
  expect_in("has shape [2,3,4,5], which has 4 dimensions and not the 3 of the layout THW",
            rejection([&] { list_clips(engine_sources(), options); }));
  options.type = SourceType::kBalls;
  expect_in("a layout is for arrays only", rejection([&] { find_source_kind(engine_sources(), options); }));
}

TEST_F(ArraySourceTest, SaysHowItTookFourDimensions) {
  testing::write_array(folder_ / "a.npy", {2, 3, 4, 5}, counting(120));
  testing::write_array(folder_ / "b.npy", {2, 3, 5, 4}, counting(120));
  testing::write_array(folder_ / "c.npy", {2, 3, 5, 2, 2}, counting(120));
  expect_in("a.npy: [2,3,4,5] is taken as NTHW: 2 sequences of 3 frames of 4x5; a layout such as THWC",
            clips(folder_ / "a.npy")[1].reading);
  expect_in("b.npy: [2,3,5,4] is taken as THWC: 2 frames of 3x5 with 4 channels; a layout such as NTHW",
            clips(folder_ / "b.npy")[0].reading);
  EXPECT_EQ(clips(folder_ / "c.npy")[0].reading, "");
}

TEST_F(ArraySourceTest, KnowsValueRanges) {
  const auto range_of = [&](const std::string& path) {
    const auto source = clips(path).front().open();
    return std::pair{source->info().low, source->info().high};
  };
  testing::write_array(folder_ / "u8.npy", {1, 1, 2}, std::vector<std::uint8_t>{1, 2});
  testing::write_array(folder_ / "u16.npy", {1, 1, 2}, std::vector<std::uint16_t>{1, 2});
  testing::write_array(folder_ / "unit.npy", {1, 1, 2}, std::vector<float>{0.25F, 0.5F});
  testing::write_array(folder_ / "wide.npy", {1, 1, 2}, std::vector<float>{-3, 80});
  EXPECT_EQ(range_of(folder_ / "u8.npy"), (std::pair{0.0, 255.0}));
  EXPECT_EQ(range_of(folder_ / "u16.npy"), (std::pair{0.0, 65535.0}));
  EXPECT_EQ(range_of(folder_ / "unit.npy"), (std::pair{0.0, 1.0}));
  EXPECT_EQ(range_of(folder_ / "wide.npy"), (std::pair{-3.0, 80.0}));
}

TEST_F(ArraySourceTest, RejectsBadArrays) {
  const std::string path = folder_ / "bad.npy";
  testing::write_array(path, {4, 4}, std::vector<float>(16, 0.0F));
  expect_in("shape [4,4]; expected [T,H,W]", rejection([&] { clips(path); }));
  testing::write_array(path, {0, 4, 4}, std::vector<float>{});
  expect_in("holds no pixel", rejection([&] { clips(path); }));
  std::vector<float> values(24, 0.5F);
  values[2 * 6 + 1 * 3 + 2] = std::numeric_limits<float>::quiet_NaN();
  testing::write_array(path, {4, 2, 3}, values);
  expect_in("NaN at sequence 0, frame 2, row 1, column 2", rejection([&] { clips(path).front().open(); }));
  values[2 * 6 + 1 * 3 + 2] = std::numeric_limits<float>::infinity();
  testing::write_array(path, {4, 2, 3}, values);
  expect_in("infinity", rejection([&] { clips(path).front().open(); }));
  std::vector<double> wide(24, 0.5);
  wide[3] = -1e300;
  testing::write_array(path, {4, 2, 3}, wide);
  expect_in("-1e+300, which is beyond the range of float", rejection([&] { clips(path).front().open(); }));
  wide[3] = 3.4e38;
  testing::write_array(path, {4, 2, 3}, wide);
  EXPECT_GT(clips(path).front().open()->info().high, 3.3e38);
  expect_in("no such file", rejection([&] { clips(folder_ / "none.npy"); }));
  expect_in("no file matches", rejection([&] { clips(folder_ / "none*.npy"); }));
  testing::write_text(folder_ / "a.xyz", "abc");
  expect_in("not a kind of file", rejection([&] { clips(folder_ / "a.xyz"); }));
}

TEST_F(ArraySourceTest, OpensOneClipOnly) {
  testing::write_array(folder_ / "a.npy", {2, 3, 4, 5}, counting(120));
  expect_in("names 2 clips", rejection([&] { open_source(engine_sources(), folder_ / "a.npy"); }));
}

TEST_F(ArraySourceTest, APartIsOneSequence) {
  std::vector<std::uint8_t> values;
  for (int n = 0; n < 12; ++n) values.insert(values.end(), 3 * 5 * 6, static_cast<std::uint8_t>(n));
  testing::write_array(folder_ / "many.npy", {12, 3, 5, 6}, values);
  const auto chosen = testing::read_all(*open_source(engine_sources(), folder_ / "many.npy#11"));
  ASSERT_EQ(chosen.size(), 3U);
  EXPECT_EQ(chosen[0].pixels[0], 11);
  SourceOptions all;
  all.path = folder_ / "many.npy";
  for (const ClipReference& clip : list_clips(engine_sources(), all)) {
    EXPECT_EQ(open_source(engine_sources(), clip.name)->info().name, clip.name);
  }
  const auto refused = [&](const std::string& name) {
    return rejection([&] { open_source(engine_sources(), folder_ / name); });
  };
  expect_in("expected one of them", refused("many.npy"));
  expect_in("there is no such part", refused("many.npy#12"));
  expect_in("many.npy#11", refused("many.npy#12"));
  expect_in("there is no such part", refused("many.npy#1x"));
  expect_in("no such file", refused("none.npy#1"));
  testing::write_array(folder_ / "one.npy", {3, 5, 6}, std::vector<std::uint8_t>(90, 7));
  EXPECT_EQ(testing::read_all(*open_source(engine_sources(), folder_ / "one.npy#0")).size(), 3U);
  expect_in("there is no such part", refused("one.npy#1"));
  // A file that really has this name.
  testing::write_array(folder_ / "odd.npy#1", {2, 5, 6}, std::vector<std::uint8_t>(60, 7));
  EXPECT_EQ(parse_array_path(folder_ / "odd.npy#1").part, "");
}

}  // namespace
}  // namespace nextframe
