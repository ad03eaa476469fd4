#include "core/train/baseline_forecaster.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace nextframe {
namespace {

/// Frames behind each other, with their masks where one of them has any.
struct StackedFrames {
  std::vector<float> pixels;
  std::vector<float> mask;

  explicit StackedFrames(const std::deque<Frame>& frames) {
    const bool masked = std::any_of(frames.begin(), frames.end(), [](const Frame& f) { return !f.mask.empty(); });
    for (const Frame& frame : frames) {
      pixels.insert(pixels.end(), frame.pixels.begin(), frame.pixels.end());
      if (!masked) continue;
      const auto first = static_cast<std::ptrdiff_t>(mask.size());
      mask.resize(mask.size() + static_cast<std::size_t>(frame.area()), 1);
      std::copy(frame.mask.begin(), frame.mask.end(), mask.begin() + first);
    }
  }
};

}  // namespace

BaselineForecaster::BaselineForecaster(std::unique_ptr<Baseline> baseline, const SourceInfo& source,
                                       const ForecastLengths& lengths)
    : baseline_(std::move(baseline)), source_(source), lengths_(lengths) {}

void BaselineForecaster::observe(const Frame& frame) {
  if (!context_.empty() && (frame.height != context_.back().height || frame.width != context_.back().width)) {
    reject("[forecast] {}: frame {} is {}x{}, those before it {}x{}", source_.name, observed_ + 1, frame.width,
           frame.height, context_.back().width, context_.back().height);
  }
  Frame& values = context_.emplace_back(frame);
  for (float& pixel : values.pixels) pixel = to_value(pixel);
  if (std::ssize(context_) > lengths_.context) context_.pop_front();
  ++observed_;
}

void BaselineForecaster::reset() {
  context_.clear();
  observed_ = 0;
}

void BaselineForecaster::forecast(std::int64_t count, const std::function<void(const Frame&, std::int64_t)>& visit) {
  if (context_.empty()) reject("[forecast] {}: no frame was observed yet", source_.name);
  const Frame& last = context_.back();
  const StackedFrames stacked(context_);
  const BaselineForecast made = baseline_->forecast({.frames = stacked.pixels.data(),
                                                     .mask = stacked.mask.empty() ? nullptr : stacked.mask.data(),
                                                     .length = std::ssize(context_),
                                                     .sequences = 1,
                                                     .height = last.height,
                                                     .width = last.width,
                                                     .channels = last.channels,
                                                     .kind = rain() ? FieldKind::kRain : FieldKind::kPicture},
                                                    count);
  for (std::int64_t lead_time = 1; lead_time <= count; ++lead_time) visit(frame_of(made, lead_time), lead_time);
}

float BaselineForecaster::to_value(float pixel) const {
  if (rain()) return static_cast<float>(source_.measurement.to_rate(pixel));
  return static_cast<float>((pixel - source_.low) / (source_.high - source_.low));
}

float BaselineForecaster::from_value(float value) const {
  if (rain()) return static_cast<float>(source_.measurement.from_rate(value));
  return static_cast<float>(value * (source_.high - source_.low) + source_.low);
}

Frame BaselineForecaster::frame_of(const BaselineForecast& forecast, std::int64_t lead_time) const {
  const Frame& last = context_.back();
  Frame frame;
  frame.height = last.height;
  frame.width = last.width;
  frame.channels = last.channels;
  const auto elements = static_cast<std::ptrdiff_t>(frame.elements());
  const auto first = forecast.frames.begin() + (lead_time - 1) * elements;
  std::transform(first, first + elements, std::back_inserter(frame.pixels), [&](float v) { return from_value(v); });
  if (!forecast.mask.empty()) {
    const auto mask = forecast.mask.begin() + (lead_time - 1) * frame.area();
    std::transform(mask, mask + frame.area(), std::back_inserter(frame.mask),
                   [](float m) { return static_cast<std::uint8_t>(m != 0); });
  }
  if (source_.frames_per_second > 0) {
    frame.seconds = static_cast<double>(lead_time * lengths_.gap) / source_.frames_per_second;
    if (last.time != kNoTime) frame.time = last.time + std::llround(frame.seconds);
  }
  return frame;
}

}  // namespace nextframe
