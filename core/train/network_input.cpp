#include "core/train/network_input.h"

#include <algorithm>

namespace nextframe {

const std::vector<float>& network_input(const std::vector<float>& frames, const std::vector<float>& mask,
                                        const NetworkChannels& channels, std::vector<float>& buffer) {
  if (channels.mask == MaskChannel::kNone) return frames;
  const auto frame = static_cast<std::size_t>(channels.frame);
  const std::size_t pixels = frames.size() / frame;
  buffer.resize(pixels * (frame + 1));
  for (std::size_t i = 0; i < pixels; ++i) {
    std::copy_n(frames.data() + i * frame, frame, buffer.data() + i * (frame + 1));
    buffer[i * (frame + 1) + frame] = mask.empty() ? 1.0F : mask[i];
  }
  return buffer;
}

const std::vector<float>& network_input(const Batch& batch, const NetworkChannels& channels,
                                        std::vector<float>& buffer) {
  return network_input(batch.context, batch.context_mask, channels, buffer);
}

}  // namespace nextframe
