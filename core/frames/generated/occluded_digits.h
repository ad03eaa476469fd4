#pragma once

#include <cstdint>
#include <memory>

#include "core/frames/generated/glyphs.h"
#include "core/frames/sequence_generator.h"

namespace nextframe {

struct OccludedDigitsOptions {
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t digits = 2;
  double speed = 3.6;               ///< pixels a frame, sideways
  std::int64_t hidden = 4;          ///< frames for which the first digit is out of sight before frame forecast_from
  std::int64_t forecast_from = 10;  ///< the frame with which it comes out again
  std::uint64_t seed = 1;
};

/// Digits that pass behind an opaque bar, so that a forecast from frame `forecast_from` on needs memory that reaches
/// further back than the last `hidden` frames: a full-height bar of grey 0.5 stands in the middle of the frame, of the
/// width that hides a digit for that long. The first digit lies wholly behind it in frames
/// forecast_from - hidden .. forecast_from - 1 and shows its edge from frame forecast_from on, to the left or to the
/// right: which digit it is, how high, where it goes and how steeply, those frames do not tell. Each digit moves by
/// `speed` sideways, by up to half of it up or down, and is reflected by the frame's border; the further digits begin
/// anywhere. Digits stand at whole pixels and are pasted with the maximum, the bar above them.
class OccludedDigits final : public SequenceGenerator {
 public:
  /// Rejects a speed below a pixel a frame, frames without room for a digit on both sides of the bar, and a digit that
  /// would be hidden from the first frame on.
  OccludedDigits(const OccludedDigitsOptions& options, std::shared_ptr<const GlyphSet> glyphs);

  std::int64_t height() const override { return options_.height; }
  std::int64_t width() const override { return options_.width; }
  std::int64_t channels() const override { return 1; }
  std::unique_ptr<GeneratedClip> begin(std::uint64_t index) const override;

  /// Columns first .. first + width - 1.
  struct Bar {
    std::int64_t first = 0;
    std::int64_t width = 0;
  };
  const Bar& bar() const { return bar_; }

 private:
  OccludedDigitsOptions options_;
  std::shared_ptr<const GlyphSet> glyphs_;
  Bar bar_;
};

}  // namespace nextframe
