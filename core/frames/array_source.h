#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/frames/path_list.h"
#include "core/frames/source_table.h"
#include "core/tensor/npy.h"

namespace nextframe {

/// The sequences of an array [T,H,W], [T,H,W,C], [N,T,H,W] or [N,T,H,W,C], one clip each. With four dimensions and no
/// layout given, the last one is taken for channels when it is at most 4. Unsigned 8- and 16-bit integers stay what they
/// are; all other types become float, whose value range is 0..1 when no value lies outside and the smallest to the largest
/// value otherwise. Rejects other ranks, empty arrays and values that are not finite, with their place.
std::vector<ClipReference> array_clips(NpyArray array, const std::string& identity, const SourceOptions& options);

/// Keeps the clips that a part of an array's path means: those whose name has it behind the file's, whole or in front of
/// or behind another '#'. "0" also means the only sequence of an array. Rejects a part that means none.
std::vector<ClipReference> clips_of_part(std::vector<ClipReference> clips, const ArrayPath& path);

/// The clips of all .npy files that options.path names, or the sequence behind its '#'.
std::vector<ClipReference> list_npy(const SourceOptions& options);

}  // namespace nextframe
