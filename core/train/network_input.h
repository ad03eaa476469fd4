#pragma once

#include <cstdint>
#include <vector>

#include "core/frames/batch.h"

namespace nextframe {

enum class MaskChannel { kNone, kLast };

/// What a network gets: the channels of a frame and, where the last of them is the mask, 1 for a valid pixel and 0 for a
/// missing one. It gives back the channels of a frame.
struct NetworkChannels {
  std::int64_t frame = 1;
  MaskChannel mask = MaskChannel::kNone;

  std::int64_t input() const { return frame + (mask == MaskChannel::kLast ? 1 : 0); }
};

/// `frames` [..., C] with the mask [..., 1] behind each pixel's channels; an empty mask is 1 everywhere. Where there is
/// no mask channel the frames themselves, else `buffer`, filled.
const std::vector<float>& network_input(const std::vector<float>& frames, const std::vector<float>& mask,
                                        const NetworkChannels& channels, std::vector<float>& buffer);

/// The context of a batch.
const std::vector<float>& network_input(const Batch& batch, const NetworkChannels& channels,
                                        std::vector<float>& buffer);

}  // namespace nextframe
