#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/frames/data_set.h"
#include "core/frames/options.h"

namespace nextframe {

/// What deciding about splits needs of a clip.
struct ClipOutline {
  std::string name;
  std::int64_t frames = 0;
  std::span<const std::string> frame_names;  ///< may be empty
};

/// The segments of each clip, in time order; no frame is in two.
/// time: a clip of n frames is cut in three, shares scaled to a sum of 1, `gap` frames left out where two splits meet.
/// clip: whole clips, the first ones train, the last ones test; a split with a share above 0 gets at least one clip as
/// long as there are enough. path: a clip whose name a pattern matches, or the runs of frames whose names it matches;
/// frames that no pattern names are left out. Rejects shares that are all 0, a pattern that names nothing, and a clip or
/// frame that two splits name.
std::vector<std::vector<Segment>> assign_splits(const SplitOptions& options, std::span<const ClipOutline> clips);

/// First frames of the windows of `length` frames, `gap` apart, that lie in the segment and in one scene; `stride`
/// counts from the beginning of each scene.
std::vector<std::int64_t> windows_in(const Segment& segment, std::span<const std::int64_t> cuts, std::int64_t length,
                                     std::int64_t gap, std::int64_t stride);

/// Numbers of the frames that come later after the one before than half a step more than `step`, both in seconds.
std::vector<std::int64_t> find_time_gaps(std::span<const double> seconds, double step);

/// Source frames that a window reaches over.
constexpr std::int64_t window_span(std::int64_t length, std::int64_t gap) { return (length - 1) * gap + 1; }

}  // namespace nextframe
