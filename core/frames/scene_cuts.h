#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/frames/frame.h"

namespace nextframe {

/// How much each frame differs from the one before: both are shrunk to at most 32x32 cells of mean grey, and the mean
/// absolute difference of the cells is taken, in pixel units. Fed one frame at a time.
class ChangeMeter {
 public:
  /// 0 for the first frame.
  double add(const Frame& frame);

 private:
  std::vector<float> previous_;
};

struct SceneCutOptions {
  double threshold = 3;  ///< times the median change of the up to 12 frames before and the 12 after
  double least = 0.02;   ///< and at least this share of `value_range`
  double value_range = 255;
};

/// Numbers of the frames that begin a new scene: those whose change exceeds both thresholds.
std::vector<std::int64_t> find_scene_cuts(std::span<const double> changes, const SceneCutOptions& options);

}  // namespace nextframe
