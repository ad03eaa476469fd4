#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/frames/frame_source.h"

namespace nextframe {

/// A moment of a recording: before a frame's number, before a time from its beginning, or before a date.
struct Moment {
  std::optional<std::int64_t> frame = {};
  std::optional<double> seconds = {};
  UtcSeconds time = kNoTime;
};

/// "120" is a frame number, "4.5s", "01:30" and "0:01:30.5" are times, "2010-08-26T05:00" is a date (UTC); rejects anything
/// else.
Moment parse_moment(const std::string& text);

/// What becomes of a context with frames that stand in for files that are missing or cannot be read.
enum class MissingFrames { kRefuse, kAllow };

/// Rejects frames, in order, of which one is missing (kRefuse) or between two of which more than `gap` steps have passed;
/// `name` is their source's. A source without a clock has no such gaps.
void check_context(std::span<const Frame> frames, MissingFrames missing, const SourceInfo& source, std::int64_t gap);

struct LastFramesOptions {
  std::int64_t count = 10;
  std::int64_t gap = 1;           ///< source frames from one to the next
  std::optional<Moment> at = {};  ///< frames before this moment; default: before the end
  MissingFrames missing = MissingFrames::kRefuse;
  std::int64_t following = 0;  ///< with `at`: also so many frames from the moment on, as far as they exist (the truth)
};

struct LastFrames {
  std::vector<Frame> frames;     ///< oldest first
  std::vector<Frame> following;  ///< the frames that came next, `gap` apart
  std::int64_t next_frame = 0;   ///< number of the frame that follows frames.back() directly in the source
};

/// Reads on through `source`, keeping no more than what is returned. Rejects a source with too few frames before the
/// moment, or that ends before it, a context that check_context rejects, and, without `at`, a source that was cut off.
LastFrames read_last_frames(FrameSource& source, const LastFramesOptions& options);

}  // namespace nextframe
