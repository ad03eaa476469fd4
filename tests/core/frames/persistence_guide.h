#pragma once

#include <memory>
#include <vector>

#include "core/frames/guide.h"

namespace nextframe::test {

/// The last frame plus 0.01 a lead time: tells frames and lead times apart, and needs no library.
class PersistenceGuide final : public Guide {
 public:
  std::int64_t history() const override { return 2; }
  void start(const GuideContext& context, const Region& region, std::int64_t) override {
    last_.clear();
    lead_ = 0;
    const float* frame = context.frames + (context.length - 1) * context.height * context.width * context.channels;
    for (std::int64_t y = region.top; y < region.top + region.height; ++y) {
      const float* first = frame + (y * context.width + region.left) * context.channels;
      last_.insert(last_.end(), first, first + region.width * context.channels);
    }
  }
  void next(float* frame) override {
    ++lead_;
    for (const float value : last_) *frame++ = value + 0.01F * static_cast<float>(lead_);
  }

 private:
  std::vector<float> last_;
  std::int64_t lead_ = 0;
};

inline std::unique_ptr<Guide> make_persistence_guide() { return std::make_unique<PersistenceGuide>(); }

}  // namespace nextframe::test
