#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/frames/source_table.h"
#include "core/tensor/npy.h"

namespace nextframe {

/// The sequences of an array [T,H,W], [T,H,W,C], [N,T,H,W] or [N,T,H,W,C], one clip each. With four dimensions the last
/// one is taken for channels when it is at most 4. Unsigned 8- and 16-bit integers stay what they are; all other types
/// become float, whose value range is 0..1 when no value lies outside and the smallest to the largest value otherwise.
/// Rejects other ranks, empty arrays and values that are not finite, with their place.
std::vector<ClipReference> array_clips(NpyArray array, const std::string& identity, double frames_per_second);

/// The clips of all .npy files that options.path names.
std::vector<ClipReference> list_npy(const SourceOptions& options);

}  // namespace nextframe
