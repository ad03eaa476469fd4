#include "core/train/sequence_frames.h"

#include <algorithm>

namespace nextframe {

Frame FrameValues::frame(std::int64_t number) const {
  const std::int64_t area = height * width, elements = area * channels;
  Frame frame;
  frame.height = height;
  frame.width = width;
  frame.channels = channels;
  frame.pixels.assign(values + number * elements, values + (number + 1) * elements);
  if (mask == nullptr) return frame;
  const float* known = mask + number * area;
  frame.mask.resize(static_cast<std::size_t>(area));
  std::transform(known, known + area, frame.mask.begin(), [](float m) { return static_cast<std::uint8_t>(m != 0); });
  return frame;
}

FrameValues forecast_frames(const ForecastBatch& sequence) {
  return {sequence.forecast, sequence.mask, sequence.height, sequence.width, sequence.channels};
}

FrameValues truth_frames(const ForecastBatch& sequence) {
  return {sequence.truth, sequence.mask, sequence.height, sequence.width, sequence.channels};
}

FrameValues context_frames(const ContextFrames& context) {
  return {context.frames, context.mask, context.height, context.width, context.channels};
}

}  // namespace nextframe
