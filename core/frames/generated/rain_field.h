#pragma once

#include <cstdint>
#include <memory>

#include "core/frames/sequence_generator.h"

namespace nextframe {

struct RainFieldOptions {
  std::int64_t height = 64;
  std::int64_t width = 64;
  double scale = 12;    ///< size of a rain cell in pixels
  double speed = 2;     ///< pixels a frame that the field moves at its centre
  double growth = 0.1;  ///< change of the field a frame beside its motion, as a share of its standard deviation
  std::uint64_t seed = 1;
};

/// A rain-like field as a radar in decibels sees it: noise of five sizes under a larger pattern of wet and dry, carried
/// along by a wind that turns slowly and that rotates the field about its centre, while cells grow and decay, small
/// ones faster. Between a quarter and two thirds of the pixels are dry (exactly 0) in most sequences.
class RainField final : public SequenceGenerator {
 public:
  explicit RainField(const RainFieldOptions& options) : options_(options) {}

  std::int64_t height() const override { return options_.height; }
  std::int64_t width() const override { return options_.width; }
  std::int64_t channels() const override { return 1; }
  std::unique_ptr<GeneratedClip> begin(std::uint64_t index) const override;

 private:
  RainFieldOptions options_;
};

}  // namespace nextframe
