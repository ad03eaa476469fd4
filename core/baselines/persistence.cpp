#include <algorithm>

#include "core/baselines/baseline.h"

namespace nextframe {
namespace {

class Persistence final : public Baseline {
 public:
  void forecast(const ContextFrames& context, std::int64_t horizon, float* forecast) const override {
    const float* last = context.frames + (context.length - 1) * context.step();
    for (std::int64_t lead = 0; lead < horizon; ++lead) {
      std::copy_n(last, context.step(), forecast + lead * context.step());
    }
  }
};

}  // namespace

std::unique_ptr<Baseline> make_persistence() { return std::make_unique<Persistence>(); }

}  // namespace nextframe
