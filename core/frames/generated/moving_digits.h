#pragma once

#include <cstdint>
#include <memory>

#include "core/frames/generated/glyphs.h"
#include "core/frames/sequence_generator.h"

namespace nextframe {

struct MovingDigitsOptions {
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t digits = 2;
  double speed = 3.6;  ///< pixels a frame
  std::uint64_t seed = 1;
};

/// Moving MNIST by the rules of OpenSTL (`dataloader_moving_mnist.py`): each digit starts anywhere, moves straight by
/// `speed` in a random direction before every frame, is held at the border and turned round there, stands at whole
/// pixels, and is pasted with the maximum.
class MovingDigits final : public SequenceGenerator {
 public:
  /// Rejects frames that are smaller than a glyph.
  MovingDigits(const MovingDigitsOptions& options, std::shared_ptr<const GlyphSet> glyphs);

  std::int64_t height() const override { return options_.height; }
  std::int64_t width() const override { return options_.width; }
  std::int64_t channels() const override { return 1; }
  std::unique_ptr<GeneratedClip> begin(std::uint64_t index) const override;

 private:
  MovingDigitsOptions options_;
  std::shared_ptr<const GlyphSet> glyphs_;
};

}  // namespace nextframe
