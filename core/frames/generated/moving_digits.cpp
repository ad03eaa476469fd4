#include "core/frames/generated/moving_digits.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"

namespace nextframe {
namespace {

/// One coordinate of a digit's upper left corner.
struct Coordinate {
  double position = 0;
  double velocity = 0;
  double limit = 0;

  void step() {
    position += velocity;
    if (position <= 0) {
      position = 0;
      velocity = -velocity;
    }
    if (position >= limit) {
      position = limit;
      velocity = -velocity;
    }
  }
};

struct MovingDigit {
  Coordinate y;
  Coordinate x;
  std::int64_t glyph = 0;
};

class DigitsClip final : public GeneratedClip {
 public:
  DigitsClip(const MovingDigitsOptions& options, const GlyphSet& glyphs, std::uint64_t index)
      : options_(options), glyphs_(glyphs), digits_(static_cast<std::size_t>(options.digits)) {
    Random random(options.seed, index);
    for (MovingDigit& digit : digits_) {
      digit.x.limit = static_cast<double>(options.width - glyphs.width);
      digit.y.limit = static_cast<double>(options.height - glyphs.height);
      digit.x.position = random.uniform() * digit.x.limit;
      digit.y.position = random.uniform() * digit.y.limit;
      const double direction = random.uniform() * 2 * std::numbers::pi;
      digit.x.velocity = std::cos(direction) * options.speed;
      digit.y.velocity = std::sin(direction) * options.speed;
      digit.glyph = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(glyphs.count())));
    }
  }

  void next(float* frame) override {
    std::fill_n(frame, options_.height * options_.width, 0.0F);
    for (MovingDigit& digit : digits_) {
      digit.x.step();
      digit.y.step();
      const float* glyph = glyphs_.glyph(digit.glyph);
      float* corner = frame + static_cast<std::int64_t>(digit.y.position) * options_.width +
                      static_cast<std::int64_t>(digit.x.position);
      for (std::int64_t y = 0; y < glyphs_.height; ++y) {
        for (std::int64_t x = 0; x < glyphs_.width; ++x) {
          float& pixel = corner[y * options_.width + x];
          pixel = std::max(pixel, glyph[y * glyphs_.width + x]);
        }
      }
    }
  }

 private:
  const MovingDigitsOptions& options_;
  const GlyphSet& glyphs_;
  std::vector<MovingDigit> digits_;
};

}  // namespace

MovingDigits::MovingDigits(const MovingDigitsOptions& options, std::shared_ptr<const GlyphSet> glyphs)
    : options_(options), glyphs_(std::move(glyphs)) {
  if (options.height < glyphs_->height || options.width < glyphs_->width) {
    reject("[digits] got frames of {}x{}, expected at least the {}x{} of a digit", options.height, options.width,
           glyphs_->height, glyphs_->width);
  }
  if (glyphs_->count() == 0) reject("[digits] there is no digit to move");
}

std::unique_ptr<GeneratedClip> MovingDigits::begin(std::uint64_t index) const {
  return std::make_unique<DigitsClip>(options_, *glyphs_, index);
}

}  // namespace nextframe
