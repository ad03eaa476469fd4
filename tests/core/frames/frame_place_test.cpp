#include "core/frames/frame_place.h"

#include <gtest/gtest.h>

namespace nextframe {
namespace {

TEST(FramePlace, CoordinatesReachFromEdgeToEdge) {
  EXPECT_EQ(coordinates_of({0, 0, 2, 3, {}}, 2, 3), (std::vector<float>{-1, -1, 0, -1, 1, -1, -1, 1, 0, 1, 1, 1}));
  EXPECT_EQ(coordinates_of({0, 0, 1, 1, {}}, 1, 1), (std::vector<float>{0, 0}));
  EXPECT_EQ(coordinates_of({1, 2, 9, 9, {}}, 1, 1), (std::vector<float>{-0.5F, -0.75F}));
}

TEST(FramePlace, APixelKeepsItsCoordinatesWhenItIsTurned) {
  const FramePlace upright{1, 2, 9, 9, {}};
  for (const Symmetry symmetry :
       {Symmetry{true, false, 0}, Symmetry{false, true, 1}, Symmetry{true, true, 2}, Symmetry{false, false, 3}}) {
    const bool on_its_side = symmetry.quarter_turns % 2 != 0;
    const std::vector<float> before = coordinates_of(upright, 3, 4);
    std::vector<float> expected(before.size());
    transform(symmetry, 3, 4, 2, before.data(), expected.data());
    FramePlace place = upright;
    place.symmetry = symmetry;
    EXPECT_EQ(coordinates_of(place, on_its_side ? 4 : 3, on_its_side ? 3 : 4), expected);
  }
}

}  // namespace
}  // namespace nextframe
