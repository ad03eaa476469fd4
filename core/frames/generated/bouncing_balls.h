#pragma once

#include <cstdint>
#include <memory>

#include "core/frames/sequence_generator.h"

namespace nextframe {

struct BouncingBallsOptions {
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t balls = 3;
  double radius = 5;  ///< pixels
  double speed = 2;   ///< pixels a frame, of each ball at the start
  std::uint64_t seed = 1;
};

/// Balls of equal mass that bounce off the walls and off each other without loss. Each has a brightness of its own and
/// an edge that fades over two pixels; where balls overlap the brighter one shows.
class BouncingBalls final : public SequenceGenerator {
 public:
  /// Rejects frames that are not larger than a ball.
  explicit BouncingBalls(const BouncingBallsOptions& options);

  std::int64_t height() const override { return options_.height; }
  std::int64_t width() const override { return options_.width; }
  std::int64_t channels() const override { return 1; }
  std::unique_ptr<GeneratedClip> begin(std::uint64_t index) const override;

 private:
  BouncingBallsOptions options_;
};

}  // namespace nextframe
