#pragma once

#include <vector>

#include "core/frames/source_table.h"

namespace nextframe {

/// Every video that options.path names, a clip each; a camera's number ("0") or a stream's address is one live clip. A
/// pipe is a clip that can be opened once. A stream that sends nothing for ten seconds is taken to have ended.
/// Frames are 8-bit red, green, blue, as OpenCV's FFmpeg reader gives them, or grey where the codec's own pixels are.
/// Rejects what is missing, empty, text or not
/// decodable.
std::vector<ClipReference> list_videos(const SourceOptions& options);

bool is_video(const std::string& path);

}  // namespace nextframe
