#include "core/train/network_input.h"

#include <gtest/gtest.h>

namespace nextframe {
namespace {

TEST(NetworkInput, TheMaskStandsBehindEachPixelsChannels) {
  const std::vector<float> frames{1, 2, 3, 4}, mask{1, 0};
  std::vector<float> buffer;
  const NetworkChannels masked{.frame = 2, .mask = MaskChannel::kLast};
  EXPECT_EQ(masked.input(), 3);
  EXPECT_EQ(network_input(frames, mask, masked, buffer), (std::vector<float>{1, 2, 1, 3, 4, 0}));
  EXPECT_EQ(network_input(frames, {}, masked, buffer), (std::vector<float>{1, 2, 1, 3, 4, 1}));
  EXPECT_EQ(&network_input(frames, mask, {.frame = 2}, buffer), &frames);
}

}  // namespace
}  // namespace nextframe
