#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/frames/frame.h"
#include "core/frames/frame_source.h"
#include "core/frames/options.h"

namespace nextframe {

/// What happens to every frame before the cache and the network: first the channels, then the size, which rain takes as
/// mm/h, then the unit.
struct Preprocessing {
  std::optional<std::array<std::int64_t, 2>> size = {};  ///< height, width
  ChannelMode channels = ChannelMode::kGrey;
  RainOptions rain = {};
};

/// Channels that a source of `channels` channels has afterwards. Grey is 0.299 R + 0.587 G + 0.114 B; one channel
/// becomes three equal ones in colour; alpha is dropped. Rejects grey or colour of 2 or more than 4 channels (`name`
/// for the message).
std::int64_t channels_after(const Preprocessing& preprocessing, std::int64_t channels, const std::string& name);

/// `source` is where the frame is from. A pixel without rain gets the unit's lowest value, one above its ceiling the
/// highest, or counts as missing.
void apply(const Preprocessing& preprocessing, Frame& frame, const SourceInfo& source);

/// What `source` is when all its frames went through apply(): size, channels, type and values.
SourceInfo info_after(const Preprocessing& preprocessing, const SourceInfo& source);

/// Frames of rain: from the source's quantity to mm/h, and from there to the network's unit and back. Missing pixels stay
/// as they are.
void to_rates(Frame& frame, const Measurement& measurement);
void from_rates(Frame& frame, const RainScale& scale);

/// Resized to height x width: the mean over the covered area in a dimension that shrinks, linear interpolation between
/// pixel centres in one that grows. A pixel of the new mask is valid where every pixel it comes from is; missing pixels
/// count for nothing in the mean.
Frame resized(const Frame& frame, std::int64_t height, std::int64_t width);

}  // namespace nextframe
