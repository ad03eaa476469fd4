#include "core/train/network_input.h"

#include <algorithm>

#include "core/base/error.h"

namespace nextframe {

const std::vector<float>& network_input(const InputFrames& input, const NetworkChannels& channels,
                                        std::vector<float>& buffer) {
  const bool masked = channels.mask == MaskChannel::kAppended;
  const bool placed = channels.coordinates == CoordinateChannels::kAppended;
  const auto frame = static_cast<std::size_t>(channels.frame);
  const auto fields = static_cast<std::size_t>(channels.fields);
  const std::size_t pixels = input.frames.size() / frame;
  if (input.fields.size() != pixels * fields) {
    fail("[network input] got {} values of inputs for {} pixels, expected {} channels of data.inputs for each",
         input.fields.size(), pixels, channels.fields);
  }
  if (channels.input() == channels.frame) return input.frames;
  std::vector<std::vector<float>> coordinates;
  for (const FramePlace& place : input.places) {
    if (placed) coordinates.push_back(coordinates_of(place, input.height, input.width));
  }
  const auto area = static_cast<std::size_t>(input.height * input.width);
  buffer.resize(pixels * static_cast<std::size_t>(channels.input()));
  float* to = buffer.data();
  for (std::size_t i = 0; i < pixels; ++i) {
    to = std::copy_n(input.frames.data() + i * frame, frame, to);
    if (masked) *to++ = input.mask.empty() ? 1.0F : input.mask[i];
    to = std::copy_n(input.fields.data() + i * fields, fields, to);
    if (!placed) continue;
    to = std::copy_n(coordinates[i / area % coordinates.size()].data() + 2 * (i % area), 2, to);
    *to++ = 1;
  }
  return buffer;
}

const std::vector<float>& network_input(const Batch& batch, const NetworkChannels& channels,
                                        std::vector<float>& buffer) {
  return network_input({.frames = batch.context,
                        .mask = batch.context_mask,
                        .height = batch.height,
                        .width = batch.width,
                        .places = batch.places,
                        .fields = batch.context_inputs},
                       channels, buffer);
}

}  // namespace nextframe
