#include "core/baselines/extrapolation_guide.h"

#include <algorithm>
#include <cmath>
#include <list>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/baselines/motion_baselines.h"
#include "core/motion/advection.h"

namespace nextframe {
namespace {

/// The motions used last, by key; of those without one the last alone.
class MotionMemory {
 public:
  const MotionField* find(std::int64_t key) {
    const auto at = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) { return entry.first == key; });
    if (at == kept_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, at);
    return &kept_.front().second;
  }
  const MotionField& keep(std::int64_t key, MotionField motion) {
    constexpr std::size_t kMost = std::size_t{256} << 20;
    const std::size_t each = 2 * sizeof(float) * motion.u.values.size();
    std::erase_if(kept_, [key](const auto& entry) { return entry.first == key; });
    kept_.emplace_front(key, std::move(motion));
    while (kept_.size() > 1 && kept_.size() * each > kMost) kept_.pop_back();
    return kept_.front().second;
  }

 private:
  std::list<std::pair<std::int64_t, MotionField>> kept_;
};

ScalarField part_of(const ScalarField& field, const Region& region) {
  ScalarField part(region.height, region.width);
  for (std::int64_t y = 0; y < region.height; ++y) {
    std::copy_n(&field.values[static_cast<std::size_t>((region.top + y) * field.width + region.left)], region.width,
                &part.values[static_cast<std::size_t>(y * region.width)]);
  }
  return part;
}

/// `region` with `margin` pixels more on each side, as far as the frame has them.
Region grown(const Region& region, std::int64_t margin, std::int64_t height, std::int64_t width) {
  const std::int64_t top = std::max<std::int64_t>(0, region.top - margin);
  const std::int64_t left = std::max<std::int64_t>(0, region.left - margin);
  return {top, left, std::min(height, region.top + region.height + margin) - top,
          std::min(width, region.left + region.width + margin) - left};
}

float fastest(const MotionField& motion) {
  float most = 0;
  for (const ScalarField* component : {&motion.u, &motion.v}) {
    for (const float pixels : component->values) most = std::max(most, std::abs(pixels));
  }
  return most;
}

class ExtrapolationGuide final : public Guide {
 public:
  ExtrapolationGuide(const FlowOptions& flow, const FieldScale& scale) : flow_(flow), scale_(scale) {}

  std::int64_t history() const override { return flow_.interval + 1; }

  void start(const GuideContext& context, const Region& region, std::int64_t horizon) override {
    const MotionField& motion = motion_of(context);
    // What a pixel of the region comes from lies within the margin: there the forecast is that of whole frames.
    const double reach = static_cast<double>(fastest(motion)) * static_cast<double>(horizon);
    const std::int64_t most = std::max(context.height, context.width);
    const std::int64_t margin = 2 + static_cast<std::int64_t>(std::min(std::ceil(reach), static_cast<double>(most)));
    const Region source = grown(region, margin, context.height, context.width);
    trajectories_.reset();
    motion_.u = part_of(motion.u, source);
    motion_.v = part_of(motion.v, source);
    trajectories_.emplace(motion_);
    last_.clear();
    for (std::int64_t c = 0; c < context.channels; ++c) last_.push_back(last_field(context, c, source));
    latest_ = last_;
    inner_ = {region.top - source.top, region.left - source.left, region.height, region.width};
  }

  void next(float* frame) override {
    trajectories_->advance();
    const auto channels = std::ssize(last_);
    for (std::int64_t c = 0; c < channels; ++c) {
      ScalarField& latest = latest_[static_cast<std::size_t>(c)];
      const ScalarField moved = displaced(last_[static_cast<std::size_t>(c)], trajectories_->displacement());
      for (std::int64_t y = 0; y < inner_.height; ++y) {
        for (std::int64_t x = 0; x < inner_.width; ++x) {
          float& value = latest.at(inner_.top + y, inner_.left + x);
          const float now = moved.at(inner_.top + y, inner_.left + x);
          // Else it stays at what came before the path left what is known: no edge between the two.
          if (!is_missing(now)) value = now;
          frame[(y * inner_.width + x) * channels + c] = is_missing(value) ? 0 : scale_.to_network(value);
        }
      }
    }
  }

 private:
  const MotionField& motion_of(const GuideContext& context) {
    if (context.key >= 0) {
      if (const MotionField* known = memory_.find(context.key)) return *known;
    }
    const std::int64_t values = context.length * context.height * context.width * context.channels;
    std::vector<float> fields(static_cast<std::size_t>(values));
    std::transform(context.frames, context.frames + values, fields.begin(),
                   [&](float number) { return scale_.to_field(number); });
    std::vector<float> mask;
    if (context.mask != nullptr) mask.assign(context.mask, context.mask + values / context.channels);
    const std::vector<ScalarField> seen = luminance_of({.frames = fields.data(),
                                                        .mask = mask.empty() ? nullptr : mask.data(),
                                                        .length = context.length,
                                                        .sequences = 1,
                                                        .height = context.height,
                                                        .width = context.width,
                                                        .channels = context.channels,
                                                        .kind = scale_.kind()},
                                                       0);
    return memory_.keep(std::max<std::int64_t>(context.key, -1), optical_flow(seen, scale_.kind(), flow_));
  }

  ScalarField last_field(const GuideContext& context, std::int64_t channel, const Region& source) const {
    ScalarField field(source.height, source.width, ScalarField::kMissing);
    for (std::int64_t y = 0; y < source.height; ++y) {
      for (std::int64_t x = 0; x < source.width; ++x) {
        const std::int64_t pixel =
            ((context.length - 1) * context.height + source.top + y) * context.width + source.left + x;
        if (context.mask != nullptr && context.mask[pixel] == 0) continue;
        field.at(y, x) = scale_.to_field(context.frames[pixel * context.channels + channel]);
      }
    }
    return field;
  }

  FlowOptions flow_;
  FieldScale scale_;
  MotionMemory memory_;
  MotionField motion_;  ///< around the region
  std::optional<BackwardTrajectories> trajectories_;
  std::vector<ScalarField> last_;    ///< around the region, one a channel
  std::vector<ScalarField> latest_;  ///< likewise: what the guide has come to
  Region inner_;                     ///< the region within them
};

}  // namespace

std::unique_ptr<Guide> make_extrapolation_guide(const FlowOptions& flow, const FieldScale& scale) {
  return std::make_unique<ExtrapolationGuide>(flow, scale);
}

}  // namespace nextframe
