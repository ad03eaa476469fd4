#pragma once

#include <filesystem>

#include "core/frames/data_set.h"
#include "core/json/value.h"

namespace nextframe {

/// What tells the frames of a data set from others, as JSON. Of each recorded clip: its name, its number of frames, a
/// checksum of the frames after preprocessing and one of the splits that they are in. Of each generator: its glyphs and
/// a sequence. Files that only moved or were touched give the same but for the names.
json::Value fingerprint_of(const DataSet& data);

/// Rejects to go on with other data than those that were saved, and names the clips that are new, gone or different.
/// Names alone may differ: a recording may have moved. `path` is the state's, for the message.
void check_same_data(const json::Value& saved, const json::Value& now, const std::filesystem::path& path);

}  // namespace nextframe
