#include "core/train/masked_forecaster.h"

#include <algorithm>
#include <utility>

namespace nextframe {

MaskedForecaster::MaskedForecaster(std::unique_ptr<FrameForecaster> forecaster) : forecaster_(std::move(forecaster)) {}

void MaskedForecaster::observe(const Frame& frame) {
  forecaster_->observe(frame);
  known_.resize(static_cast<std::size_t>(frame.area()), 0);
  for (std::size_t i = 0; i < known_.size(); ++i) {
    if (frame.mask.empty() || frame.mask[i] != 0) known_[i] = 1;
  }
}

void MaskedForecaster::reset() {
  forecaster_->reset();
  known_.clear();
}

void MaskedForecaster::forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t)>& visit) {
  forecaster_->forecast(count, [&](const Frame& frame, std::int64_t lead_time) {
    Frame masked = frame;
    if (static_cast<std::size_t>(frame.area()) == known_.size()) {
      masked.mask.resize(known_.size(), 1);
      std::ranges::transform(masked.mask, known_, masked.mask.begin(),
                             [](std::uint8_t a, std::uint8_t b) { return static_cast<std::uint8_t>(a & b); });
    }
    visit(masked, lead_time);
  });
}

}  // namespace nextframe
