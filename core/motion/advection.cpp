#include "core/motion/advection.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace nextframe {
namespace {

/// Where a place lies between pixels along one dimension.
struct Between {
  std::int64_t first = 0;
  std::int64_t second = 0;
  float share = 0;  ///< of the second
};

Between between(float place, std::int64_t length) {
  const float floor = std::floor(place);
  const auto first = static_cast<std::int64_t>(floor);
  return {first, std::min(first + 1, length - 1), place - floor};
}

float inside(float place, std::int64_t length) { return std::clamp(place, 0.0F, static_cast<float>(length - 1)); }

float interpolated(const ScalarField& field, const Between& y, const Between& x) {
  const float above = field.at(y.first, x.first) * (1 - x.share) + field.at(y.first, x.second) * x.share;
  const float below = field.at(y.second, x.first) * (1 - x.share) + field.at(y.second, x.second) * x.share;
  return above * (1 - y.share) + below * y.share;
}

/// A pixel of weight 0 does not count, missing or not.
float interpolated_where_known(const ScalarField& field, const Between& y, const Between& x) {
  const auto row = [&](std::int64_t number) {
    const float left = field.at(number, x.first);
    return x.share == 0 ? left : left * (1 - x.share) + field.at(number, x.second) * x.share;
  };
  const float above = row(y.first);
  return y.share == 0 ? above : above * (1 - y.share) + row(y.second) * y.share;
}

void check_sizes(const ScalarField& field, const MotionField& motion) {
  if (!motion.u.same_size(motion.v) || !field.same_size(motion.u)) {
    fail("[motion] got a field of {}x{} and motion of {}x{} and {}x{}, expected one size", field.width, field.height,
         motion.u.width, motion.u.height, motion.v.width, motion.v.height);
  }
}

}  // namespace

BackwardTrajectories::BackwardTrajectories(const MotionField& motion, int iterations)
    : motion_(motion), iterations_(iterations), displacement_(motion.height(), motion.width()) {
  check_sizes(motion.u, motion);
}

void BackwardTrajectories::advance() {
  const std::int64_t height = motion_.height(), width = motion_.width();
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const float from_x = static_cast<float>(x) - displacement_.u.at(y, x);
      const float from_y = static_cast<float>(y) - displacement_.v.at(y, x);
      float u = 0;
      float v = 0;
      for (int i = 0; i <= iterations_; ++i) {
        const Between column = between(inside(from_x - u / 2, width), width);
        const Between row = between(inside(from_y - v / 2, height), height);
        u = interpolated(motion_.u, row, column);
        v = interpolated(motion_.v, row, column);
      }
      displacement_.u.at(y, x) += u;
      displacement_.v.at(y, x) += v;
    }
  }
  ++steps_;
}

ScalarField displaced(const ScalarField& field, const MotionField& displacement) {
  check_sizes(field, displacement);
  ScalarField result(field.height, field.width, ScalarField::kMissing);
  const auto last_x = static_cast<float>(field.width - 1);
  const auto last_y = static_cast<float>(field.height - 1);
  for (std::int64_t y = 0; y < field.height; ++y) {
    for (std::int64_t x = 0; x < field.width; ++x) {
      const float from_x = static_cast<float>(x) - displacement.u.at(y, x);
      const float from_y = static_cast<float>(y) - displacement.v.at(y, x);
      if (!(from_x >= 0 && from_x <= last_x && from_y >= 0 && from_y <= last_y)) continue;
      result.at(y, x) = interpolated_where_known(field, between(from_y, field.height), between(from_x, field.width));
    }
  }
  return result;
}

ScalarField extrapolated(const ScalarField& field, const MotionField& motion, std::int64_t steps, int iterations) {
  BackwardTrajectories trajectories(motion, iterations);
  for (std::int64_t step = 0; step < steps; ++step) trajectories.advance();
  return displaced(field, trajectories.displacement());
}

}  // namespace nextframe
