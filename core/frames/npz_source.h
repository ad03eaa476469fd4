#pragma once

#include <string>
#include <vector>

#include "core/frames/source_table.h"

namespace nextframe {

bool is_npz(const std::string& path);

/// The clips of every array in every .npz that options.path names, each array read into memory; see array_clips.
std::vector<ClipReference> list_npz(const SourceOptions& options);

/// Both .npy and .npz files.
std::vector<ClipReference> list_arrays(const SourceOptions& options);
bool is_array(const std::string& path);

}  // namespace nextframe
