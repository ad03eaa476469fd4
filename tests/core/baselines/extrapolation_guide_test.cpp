#include "core/baselines/extrapolation_guide.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/baselines/motion_baselines.h"
#include "tests/core/motion/smooth_fields.h"

namespace nextframe {
namespace {

constexpr std::int64_t kHeight = 72, kWidth = 96, kArea = kHeight * kWidth, kHorizon = 5;
constexpr FlowOptions kFlow{.field_blur = 1, .flow_blur = 12};

/// Rain in decibels between 0.1 and 100 mm/h, which are 0 and 1 to the network; or brightness as it is.
FieldScale scale_of(FieldKind kind) {
  if (kind == FieldKind::kPicture) return {{}, std::nullopt, 0, 1};
  const RainScale rain({.unit = RainUnit::kDbr});
  return {{.offset = rain.low(), .scale = rain.high() - rain.low()}, rain, rain.low(), rain.high()};
}

/// Four frames whose content moves by (2.5, -1) a frame, a hole in all of them, in the network's numbers.
struct Recording {
  std::vector<float> frames;
  std::vector<std::uint8_t> mask;

  Recording() {
    for (int t = 0; t < 4; ++t) {
      const ScalarField field = test::moved_waves(kHeight, kWidth, 2.5 * t, -1.0 * t);
      for (std::int64_t i = 0; i < kArea; ++i) {
        const bool hole = i / kWidth > 40 && i / kWidth < 48 && i % kWidth < 20;
        const float value = field.values[static_cast<std::size_t>(i)];
        frames.push_back(hole ? 0 : value > 0.45F ? value : 0);
        mask.push_back(hole ? 0 : 1);
      }
    }
  }

  GuideContext context(std::int64_t key = -1) const {
    return {.frames = frames.data() + kArea,
            .mask = mask.data() + kArea,
            .length = 3,
            .height = kHeight,
            .width = kWidth,
            .key = key};
  }
};

std::vector<float> guide_of(Guide& guide, const GuideContext& context, const Region& region) {
  const std::int64_t frame = region.height * region.width;
  std::vector<float> values(static_cast<std::size_t>(kHorizon * frame));
  guide.start(context, region, kHorizon);
  for (std::int64_t lead = 0; lead < kHorizon; ++lead) guide.next(values.data() + lead * frame);
  return values;
}

class ExtrapolationGuideTest : public testing::TestWithParam<FieldKind> {
 protected:
  const Recording recording_;
  const FieldScale scale_ = scale_of(GetParam());
  const std::unique_ptr<Guide> guide_ = make_extrapolation_guide(kFlow, scale_);
  const Region whole_{0, 0, kHeight, kWidth};
};

TEST_P(ExtrapolationGuideTest, IsTheBaseline) {
  std::vector<float> fields, known(recording_.mask.begin(), recording_.mask.end());
  for (const float number : recording_.frames) fields.push_back(scale_.to_field(number));
  BaselineOptions options;
  options.flow = kFlow;
  const BaselineForecast baseline = find_baseline(all_baselines(), "extrapolation")
                                        .make(options)
                                        ->forecast({.frames = fields.data(),
                                                    .mask = known.data(),
                                                    .length = 4,
                                                    .sequences = 1,
                                                    .height = kHeight,
                                                    .width = kWidth,
                                                    .channels = 1,
                                                    .kind = GetParam()},
                                                   kHorizon);
  const std::vector<float> guide = guide_of(*guide_, recording_.context(), whole_);
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < guide.size(); ++i) {
    if (baseline.mask[i] != 0) {
      ASSERT_EQ(guide[i], scale_.to_network(baseline.frames[i])) << i;
      continue;
    }
    ++unknown;
    // Where the baseline no longer knows, the guide stays at what it was.
    if (i >= kArea) {
      ASSERT_EQ(guide[i], guide[i - kArea]) << i;
    }
  }
  EXPECT_GT(unknown, 0U);
  EXPECT_LT(unknown, guide.size() / 4);
}

TEST_P(ExtrapolationGuideTest, OfAPieceIsThePieceOfTheWhole) {
  const std::vector<float> whole = guide_of(*guide_, recording_.context(), whole_);
  for (const Region& region : {Region{20, 30, 24, 32}, Region{0, 80, 10, 16}, Region{60, 0, 12, 12}}) {
    const std::vector<float> piece = guide_of(*guide_, recording_.context(), region);
    for (std::int64_t i = 0; i < std::ssize(piece); ++i) {
      const std::int64_t lead = i / (region.height * region.width), pixel = i % (region.height * region.width);
      const std::int64_t y = region.top + pixel / region.width, x = region.left + pixel % region.width;
      // Where a path begins at the border of the piece's surroundings, rounding may differ in the last digit.
      ASSERT_NEAR(piece[static_cast<std::size_t>(i)], whole[static_cast<std::size_t>(lead * kArea + y * kWidth + x)],
                  1e-4);
    }
  }
}

TEST_P(ExtrapolationGuideTest, KeepsTheMotionOfAKey) {
  const std::vector<float> first = guide_of(*guide_, recording_.context(7), whole_);
  EXPECT_EQ(guide_of(*guide_, recording_.context(7), whole_), first);
  // Under another key a picture that stands still has another motion.
  Recording still;
  for (std::int64_t i = 0; i < 3 * kArea; ++i) {
    still.frames[static_cast<std::size_t>(i)] = still.frames[static_cast<std::size_t>(3 * kArea + i % kArea)];
  }
  EXPECT_EQ(guide_of(*guide_, still.context(7), whole_), first);
  EXPECT_NE(guide_of(*guide_, still.context(8), whole_), first);
}

TEST_P(ExtrapolationGuideTest, NothingKnownIsZeroAndNothingToSeeStandsStill) {
  Recording empty;
  std::fill(empty.mask.begin(), empty.mask.end(), std::uint8_t{0});
  EXPECT_EQ(guide_of(*guide_, empty.context(), whole_),
            std::vector<float>(static_cast<std::size_t>(kHorizon * kArea), 0.0F));
  GuideContext one = recording_.context();
  one.frames += 2 * kArea;
  one.mask += 2 * kArea;
  one.length = 1;
  const std::vector<float> still = guide_of(*guide_, one, whole_);
  for (std::int64_t i = 0; i < kArea; ++i) {
    ASSERT_NEAR(still[static_cast<std::size_t>(4 * kArea + i)], one.frames[i], 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Fields, ExtrapolationGuideTest, testing::Values(FieldKind::kRain, FieldKind::kPicture),
                         [](const auto& one) { return one.param == FieldKind::kRain ? "rain" : "picture"; });

}  // namespace
}  // namespace nextframe
