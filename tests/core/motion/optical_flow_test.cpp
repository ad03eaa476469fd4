#include "core/motion/optical_flow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/motion/advection.h"
#include "tests/core/motion/smooth_fields.h"

namespace nextframe {
namespace {

using test::moved_waves;

constexpr std::int64_t kHeight = 96, kWidth = 112;

/// Rain cells in mm/h: the waves above their middle.
ScalarField rain(double dx, double dy) {
  ScalarField field = moved_waves(kHeight, kWidth, dx, dy);
  for (float& value : field.values) value = value > 0.5F ? 40 * (value - 0.5F) : 0;
  return field;
}

std::vector<ScalarField> sequence(int frames, double dx, double dy) {
  std::vector<ScalarField> fields;
  for (int t = 0; t < frames; ++t) fields.push_back(rain(dx * t, dy * t));
  return fields;
}

/// Mean distance of the motion from (u, v) away from the edges.
double error_of(const MotionField& motion, double u, double v) {
  double sum = 0;
  double count = 0;
  for (std::int64_t y = 16; y < kHeight - 16; ++y) {
    for (std::int64_t x = 16; x < kWidth - 16; ++x) {
      sum += std::hypot(motion.u.at(y, x) - u, motion.v.at(y, x) - v);
      ++count;
    }
  }
  return sum / count;
}

std::string name_of(FlowMethod method) {
  return std::string(enum_names(method)[static_cast<std::size_t>(method)].first);
}

FlowOptions options_of(FlowMethod method) {
  FlowOptions options;
  options.method = method;
  options.field_blur = 1;
  options.flow_blur = 12;
  return options;
}

TEST(OpticalFlow, FindsAKnownMotion) {
  const std::vector<ScalarField> fields = sequence(3, 1.5, -0.75);
  for (const FlowMethod method : {FlowMethod::kDis, FlowMethod::kFarneback}) {
    const double error = error_of(optical_flow(fields, FieldKind::kRain, options_of(method)), 1.5, -0.75);
    EXPECT_TRUE(error < 0.25) << name_of(method) << " " << error;
  }
}

TEST(OpticalFlow, IsInPixelsAFrameWhateverTheInterval) {
  const std::vector<ScalarField> fields = sequence(4, 0.8, 0.4);
  for (const std::int64_t interval : {1, 2, 3, 9}) {
    FlowOptions options = options_of(FlowMethod::kDis);
    options.interval = interval;
    const double error = error_of(optical_flow(fields, FieldKind::kRain, options), 0.8, 0.4);
    EXPECT_TRUE(error < 0.25) << interval << ": " << error;
  }
}

TEST(OpticalFlow, SeesPictures) {
  const std::vector<ScalarField> fields{moved_waves(kHeight, kWidth, 0, 0), moved_waves(kHeight, kWidth, 2, 1)};
  const double error = error_of(optical_flow(fields, FieldKind::kPicture, options_of(FlowMethod::kDis)), 2, 1);
  EXPECT_TRUE(error < 0.25) << error;
}

TEST(OpticalFlow, TheEdgeOfWhatIsKnownDoesNotHoldItBack) {
  // The same window of missing pixels in both frames, while the rain moves on.
  std::vector<ScalarField> fields = sequence(3, 2, 0);
  for (ScalarField& field : fields) {
    for (std::int64_t y = 0; y < kHeight; ++y) {
      for (std::int64_t x = 0; x < kWidth; ++x) {
        const bool outside = std::hypot(static_cast<double>(x - kWidth / 2), static_cast<double>(y - kHeight / 2)) > 40;
        if (outside) field.at(y, x) = ScalarField::kMissing;
      }
    }
  }
  const MotionField motion = optical_flow(fields, FieldKind::kRain, options_of(FlowMethod::kDis));
  const double error = error_of(motion, 2, 0);
  EXPECT_TRUE(error < 0.4) << error;
  EXPECT_EQ(std::count_if(motion.u.values.begin(), motion.u.values.end(), is_missing), 0);
}

TEST(OpticalFlow, StandsStillWhereNothingCanBeSeen) {
  const ScalarField dry(kHeight, kWidth);
  const ScalarField unknown(kHeight, kWidth, ScalarField::kMissing);
  const ScalarField small = moved_waves(4, 4, 0, 0);
  const std::vector<std::vector<ScalarField>> cases{{dry, dry, dry},   {unknown, unknown}, {rain(0, 0), unknown},
                                                    {dry, rain(0, 0)}, {rain(0, 0)},       {small, small}};
  for (const FlowMethod method : {FlowMethod::kDis, FlowMethod::kFarneback}) {
    for (const std::vector<ScalarField>& fields : cases) {
      const MotionField motion = optical_flow(fields, FieldKind::kRain, options_of(method));
      ASSERT_EQ(motion.height(), fields.back().height);
      for (const ScalarField* component : {&motion.u, &motion.v}) {
        for (const float value : component->values) EXPECT_EQ(value, 0);
      }
    }
  }
}

TEST(OpticalFlow, ExtrapolatesBetterThanStandingStill) {
  const std::vector<ScalarField> fields = sequence(3, 1.5, -0.75);
  const MotionField motion = optical_flow(fields, FieldKind::kRain, options_of(FlowMethod::kDis));
  const ScalarField ahead = extrapolated(fields.back(), motion, 4), truth = rain(6 * 1.5, -6 * 0.75);
  double moved = 0;
  double still = 0;
  for (std::size_t i = 0; i < truth.values.size(); ++i) {
    if (is_missing(ahead.values[i])) continue;
    moved += std::abs(ahead.values[i] - truth.values[i]);
    still += std::abs(fields.back().values[i] - truth.values[i]);
  }
  EXPECT_TRUE(moved < 0.3 * still) << moved << " beside " << still;
}

}  // namespace
}  // namespace nextframe
