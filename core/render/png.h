#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/frame_source.h"

namespace nextframe {

/// The bytes of a png image from rows without gaps: `channels` 1 (grey), 3 (red, green, blue) or 4 (with alpha), values
/// of kUint8, or of kUint16 in the machine's byte order. `name` is for messages.
std::vector<std::uint8_t> encode_png(const void* pixels, std::int64_t height, std::int64_t width, std::int64_t channels,
                                     PixelType type, const std::string& name);

}  // namespace nextframe
