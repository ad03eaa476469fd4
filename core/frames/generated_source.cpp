#include "core/frames/generated_source.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/frames/generated/bouncing_balls.h"
#include "core/frames/generated/moving_digits.h"
#include "core/frames/generated/occluded_digits.h"
#include "core/frames/generated/rain_field.h"

namespace nextframe {
namespace {

/// Makes a frame when it is read.
class GeneratedSource final : public FrameSource {
 public:
  GeneratedSource(std::shared_ptr<const SequenceGenerator> generator, std::uint64_t index, std::int64_t length,
                  std::string name, double frames_per_second)
      : generator_(std::move(generator)), clip_(generator_->begin(index)), length_(length) {
    info_.name = std::move(name);
    info_.height = generator_->height();
    info_.width = generator_->width();
    info_.channels = generator_->channels();
    info_.pixel_type = PixelType::kFloat32;
    info_.low = 0;
    info_.high = 1;
    info_.frames_per_second = frames_per_second;
    info_.expected_frames = length;
  }

  const SourceInfo& info() const override { return info_; }

  bool next(Frame& frame) override {
    if (position_ == length_) return false;
    frame.height = info_.height;
    frame.width = info_.width;
    frame.channels = info_.channels;
    frame.mask.clear();
    frame.name.clear();
    frame.seconds = info_.frames_per_second > 0 ? static_cast<double>(position_) / info_.frames_per_second : -1;
    frame.pixels.resize(frame.elements());
    clip_->next(frame.pixels.data());
    ++position_;
    return true;
  }

 private:
  std::shared_ptr<const SequenceGenerator> generator_;
  std::unique_ptr<GeneratedClip> clip_;
  std::int64_t length_ = 0;
  std::int64_t position_ = 0;
  SourceInfo info_;
};

}  // namespace

std::unique_ptr<FrameSource> make_generated_source(std::shared_ptr<const SequenceGenerator> generator,
                                                   std::uint64_t index, std::int64_t length, std::string name,
                                                   double frames_per_second) {
  return std::make_unique<GeneratedSource>(std::move(generator), index, length, std::move(name), frames_per_second);
}

std::array<std::int64_t, 2> glyph_range(const SourceOptions& options, Split split) {
  return split == Split::kTrain        ? options.train_glyphs
         : split == Split::kValidation ? options.validation_glyphs
                                       : options.test_glyphs;
}

std::unique_ptr<SequenceGenerator> make_digits(const SourceOptions& options, GlyphSet glyphs) {
  if (options.type == SourceType::kOccludedDigits) {
    return std::make_unique<OccludedDigits>(OccludedDigitsOptions{.height = options.size[0],
                                                                  .width = options.size[1],
                                                                  .digits = options.objects,
                                                                  .speed = options.speed,
                                                                  .hidden = options.hidden,
                                                                  .forecast_from = options.forecast_from,
                                                                  .seed = static_cast<std::uint64_t>(options.seed)},
                                            std::make_shared<const GlyphSet>(halved(glyphs)));
  }
  return std::make_unique<MovingDigits>(MovingDigitsOptions{.height = options.size[0],
                                                            .width = options.size[1],
                                                            .digits = options.objects,
                                                            .speed = options.speed,
                                                            .seed = static_cast<std::uint64_t>(options.seed)},
                                        std::make_shared<const GlyphSet>(std::move(glyphs)));
}

std::unique_ptr<SequenceGenerator> make_balls(const SourceOptions& options, Split) {
  return std::make_unique<BouncingBalls>(BouncingBallsOptions{.height = options.size[0],
                                                              .width = options.size[1],
                                                              .balls = options.objects,
                                                              .radius = options.radius,
                                                              .speed = options.speed,
                                                              .seed = static_cast<std::uint64_t>(options.seed)});
}

std::unique_ptr<SequenceGenerator> make_rain(const SourceOptions& options, Split) {
  return std::make_unique<RainField>(RainFieldOptions{.height = options.size[0],
                                                      .width = options.size[1],
                                                      .scale = options.scale,
                                                      .speed = options.speed,
                                                      .growth = options.growth,
                                                      .seed = static_cast<std::uint64_t>(options.seed)});
}

}  // namespace nextframe
