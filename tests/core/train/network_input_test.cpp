#include "core/train/network_input.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace nextframe {
namespace {

const std::vector<FramePlace> kNowhere(1);

TEST(NetworkInput, TheMaskStandsBehindEachPixelsChannels) {
  const std::vector<float> frames{1, 2, 3, 4}, mask{1, 0}, none;
  std::vector<float> buffer;
  const NetworkChannels masked{.frame = 2, .mask = MaskChannel::kAppended};
  const auto input_with = [&](const std::vector<float>& valid, const NetworkChannels& channels) {
    return network_input({.frames = frames, .mask = valid, .height = 1, .width = 2, .places = kNowhere}, channels,
                         buffer);
  };
  EXPECT_EQ(masked.input(), 3);
  EXPECT_EQ(input_with(mask, masked), (std::vector<float>{1, 2, 1, 3, 4, 0}));
  EXPECT_EQ(input_with(none, masked), (std::vector<float>{1, 2, 1, 3, 4, 1}));
  EXPECT_EQ(input_with(mask, {.frame = 2}), frames);
}

TEST(NetworkInput, FieldsStandBetweenMaskAndCoordinates) {
  const std::vector<float> frames{1, 2}, mask{1, 0}, fields{7, 1, 8, 0};
  const std::vector<FramePlace> places{{0, 0, 1, 2, {}}};
  const NetworkChannels channels{
      .mask = MaskChannel::kAppended, .fields = 2, .coordinates = CoordinateChannels::kAppended};
  std::vector<float> buffer;
  EXPECT_EQ(channels.input(), 7);
  EXPECT_EQ(network_input({.frames = frames, .mask = mask, .height = 1, .width = 2, .places = places, .fields = fields},
                          channels, buffer),
            (std::vector<float>{1, 1, 7, 1, -1, 0, 1, 2, 0, 8, 0, 1, 0, 1}));
}

TEST(NetworkInput, FieldsOfAnotherNumberAreRefused) {
  const std::vector<float> frames{1, 2}, mask{1, 0}, fields{7, 8};
  std::vector<float> buffer;
  const auto input_with = [&](std::span<const float> given, std::int64_t channels) {
    return network_input({.frames = frames, .mask = mask, .height = 1, .width = 2, .places = kNowhere, .fields = given},
                         {.fields = channels}, buffer);
  };
  EXPECT_EQ(input_with(fields, 1), (std::vector<float>{1, 7, 2, 8}));
  EXPECT_THROW(input_with({}, 1), Error);
  EXPECT_THROW(input_with(fields, 2), Error);
  EXPECT_THROW(input_with(fields, 0), Error);
}

TEST(NetworkInput, CoordinatesComeLast) {
  // Two times of two sequences of 1x2 pixels, the second from the right end of a frame of 3x5.
  const std::vector<float> frames{10, 11, 20, 21, 12, 13, 22, 23}, mask{1, 1, 0, 1, 1, 1, 1, 1};
  const std::vector<FramePlace> places{{0, 0, 1, 2, {}}, {2, 3, 3, 5, {}}};
  const InputFrames input{.frames = frames, .mask = mask, .height = 1, .width = 2, .places = places};
  std::vector<float> buffer;
  const NetworkChannels placed{.mask = MaskChannel::kAppended, .coordinates = CoordinateChannels::kAppended};
  EXPECT_EQ(placed.input(), 5);
  EXPECT_EQ(network_input(input, placed, buffer), (std::vector<float>{10, 1, -1,   0, 1, 11, 1, 1, 0, 1,  //
                                                                      20, 0, 0.5F, 1, 1, 21, 1, 1, 1, 1,  //
                                                                      12, 1, -1,   0, 1, 13, 1, 1, 0, 1,  //
                                                                      22, 1, 0.5F, 1, 1, 23, 1, 1, 1, 1}));
}

}  // namespace
}  // namespace nextframe
