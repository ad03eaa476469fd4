#include "core/frames/generated/occluded_digits.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

constexpr float kBarGrey = 0.5F;

/// A coordinate that moves evenly and is reflected at 0 and at its limit, known at every time, before and after.
struct ReflectedLine {
  double origin = 0;  ///< at frame `at`
  double velocity = 0;
  double at = 0;
  double limit = 0;

  std::int64_t pixel(std::int64_t frame) const {
    if (limit <= 0) return 0;
    const double way = origin + velocity * (static_cast<double>(frame) - at);
    const double folded = std::abs(std::remainder(way, 2 * limit));
    return static_cast<std::int64_t>(std::min(folded, limit));
  }
};

struct OccludedDigit {
  ReflectedLine y;
  ReflectedLine x;
  std::int64_t glyph = 0;
};

class OccludedClip final : public GeneratedClip {
 public:
  OccludedClip(const OccludedDigitsOptions& options, const GlyphSet& glyphs, const OccludedDigits::Bar& bar,
               std::uint64_t index)
      : options_(options), glyphs_(glyphs), bar_(bar), digits_(static_cast<std::size_t>(options.digits)) {
    Random random(options.seed, index);
    for (OccludedDigit& digit : digits_) {
      const bool hides = &digit == &digits_.front();
      digit.x.limit = static_cast<double>(options.width - glyphs.width);
      digit.y.limit = static_cast<double>(options.height - glyphs.height);
      const bool to_the_right = random.below(2) == 1;
      digit.x.velocity = to_the_right ? options.speed : -options.speed;
      digit.x.origin = hides ? last_hidden(to_the_right) : random.uniform() * digit.x.limit;
      digit.x.at = static_cast<double>(options.forecast_from - 1);
      digit.y.velocity = random.uniform(-0.5, 0.5) * options.speed;
      digit.y.origin = random.uniform() * digit.y.limit;
      digit.y.at = digit.x.at;
      digit.glyph = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(glyphs.count())));
    }
  }

  void next(float* frame) override {
    std::fill_n(frame, options_.height * options_.width, 0.0F);
    for (const OccludedDigit& digit : digits_) paste(digit, frame);
    for (std::int64_t y = 0; y < options_.height; ++y) {
      std::fill_n(frame + y * options_.width + bar_.first, bar_.width, kBarGrey);
    }
    ++frame_;
  }

 private:
  /// The last place wholly behind the bar: flush with the edge that the digit comes out of.
  double last_hidden(bool to_the_right) const {
    return static_cast<double>(to_the_right ? bar_.first + bar_.width - glyphs_.width : bar_.first);
  }

  void paste(const OccludedDigit& digit, float* frame) const {
    const float* glyph = glyphs_.glyph(digit.glyph);
    float* corner = frame + digit.y.pixel(frame_) * options_.width + digit.x.pixel(frame_);
    for (std::int64_t y = 0; y < glyphs_.height; ++y) {
      for (std::int64_t x = 0; x < glyphs_.width; ++x) {
        float& pixel = corner[y * options_.width + x];
        pixel = std::max(pixel, glyph[y * glyphs_.width + x]);
      }
    }
  }

  const OccludedDigitsOptions& options_;
  const GlyphSet& glyphs_;
  const OccludedDigits::Bar& bar_;
  std::vector<OccludedDigit> digits_;
  std::int64_t frame_ = 0;
};

}  // namespace

OccludedDigits::OccludedDigits(const OccludedDigitsOptions& options, std::shared_ptr<const GlyphSet> glyphs)
    : options_(options), glyphs_(std::move(glyphs)) {
  if (glyphs_->count() == 0) reject("[occluded-digits] there is no digit to move");
  if (!(options.speed >= 1)) {
    reject("[occluded-digits] got a speed of {} pixels a frame, expected at least 1", options.speed);
  }
  if (options.forecast_from <= options.hidden) {
    reject(
        "[occluded-digits] a digit that is hidden for {} frames before frame {} is never seen; expected fewer hidden "
        "frames or a longer context",
        options.hidden, options.forecast_from);
  }
  bar_.width = glyphs_->width + std::llround(std::ceil(options.speed * static_cast<double>(options.hidden - 1)));
  bar_.first = (options.width - bar_.width) / 2;
  const std::int64_t least = bar_.width + 2 * glyphs_->width;
  if (options.width < least || options.height < glyphs_->height) {
    reject(
        "[occluded-digits] got frames of {}x{}, expected at least {}x{}: a bar that hides a digit of {} pixels for {} "
        "frames at {} pixels a frame, and a digit's width on both sides; use fewer hidden frames or a lower speed",
        options.height, options.width, glyphs_->height, least, glyphs_->width, options.hidden, options.speed);
  }
}

std::unique_ptr<GeneratedClip> OccludedDigits::begin(std::uint64_t index) const {
  return std::make_unique<OccludedClip>(options_, *glyphs_, bar_, index);
}

}  // namespace nextframe
