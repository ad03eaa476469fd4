#include "core/frames/last_frames.h"

#include "tests/core/frames/frames_support.h"

namespace nextframe {
namespace {

using testing::expect_in;
using testing::rejection;

testing::MemorySource numbered(int count, double rate) {
  SourceInfo info;
  info.name = "memory";
  info.frames_per_second = rate;
  std::vector<Frame> frames;
  for (int t = 0; t < count; ++t) {
    frames.push_back(testing::frame_of(1, 1, 1, {static_cast<float>(t)}));
    frames.back().seconds = rate > 0 ? t / rate : -1;
  }
  return {info, frames};
}

std::vector<float> values_of(const std::vector<Frame>& frames) {
  std::vector<float> values;
  for (const Frame& frame : frames) values.push_back(frame.pixels[0]);
  return values;
}

TEST(LastFrames, AtTheEnd) {
  auto source = numbered(20, 0);
  const LastFrames last = read_last_frames(source, {.count = 4, .gap = 3});
  EXPECT_EQ(values_of(last.frames), (std::vector<float>{10, 13, 16, 19}));
  EXPECT_EQ(last.next_frame, 20);
  EXPECT_TRUE(last.following.empty());
}

TEST(LastFrames, BeforeAFrameWithTheTruth) {
  auto source = numbered(20, 0);
  const LastFrames last = read_last_frames(source, {.count = 3, .gap = 2, .at = parse_moment("12"), .following = 9});
  EXPECT_EQ(values_of(last.frames), (std::vector<float>{7, 9, 11}));
  EXPECT_EQ(values_of(last.following), (std::vector<float>{13, 15, 17, 19}));
  EXPECT_EQ(last.next_frame, 12);
  auto again = numbered(20, 0);
  EXPECT_EQ(values_of(read_last_frames(again, {.count = 2, .at = parse_moment("5"), .following = 3}).following),
            (std::vector<float>{5, 6, 7}));
}

TEST(LastFrames, BeforeATime) {
  auto source = numbered(20, 4);
  EXPECT_EQ(values_of(read_last_frames(source, {.count = 2, .at = parse_moment("2.5s")}).frames),
            (std::vector<float>{8, 9}));
  auto minutes = numbered(300, 2);
  EXPECT_EQ(read_last_frames(minutes, {.count = 2, .at = parse_moment("1:30.5")}).next_frame, 181);
  auto timeless = numbered(20, 0);
  expect_in("has no times", rejection([&] { read_last_frames(timeless, {.count = 2, .at = parse_moment("1s")}); }));
}

TEST(LastFrames, AtTheVeryEndByNumber) {
  auto source = numbered(20, 0);
  EXPECT_EQ(read_last_frames(source, {.count = 2, .at = parse_moment("20")}).next_frame, 20);
}

TEST(LastFrames, RejectsTooFew) {
  auto source = numbered(7, 0);
  expect_in("got 7 frames, expected at least 10 (context 10)",
            rejection([&] { read_last_frames(source, {.count = 10}); }));
  auto early = numbered(70, 0);
  expect_in("before frame 5", rejection([&] { read_last_frames(early, {.count = 10, .at = parse_moment("5")}); }));
  auto late = numbered(70, 0);
  expect_in("ends after 70 frames",
            rejection([&] { read_last_frames(late, {.count = 10, .at = parse_moment("71")}); }));
}

TEST(LastFrames, UnderstandsMoments) {
  EXPECT_EQ(parse_moment("120").frame, 120);
  EXPECT_EQ(parse_moment("4.5s").seconds, 4.5);
  EXPECT_EQ(parse_moment("01:30").seconds, 90);
  EXPECT_EQ(parse_moment("1:00:01.5").seconds, 3601.5);
  for (const char* bad : {"", "-3", "abc", "1:2:3:4", "4.5", "nan s", "nans", "1:", "s", "12x"}) {
    expect_in("neither a frame number", rejection([&] { parse_moment(bad); }));
  }
}

}  // namespace
}  // namespace nextframe
