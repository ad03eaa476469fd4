#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/log.h"
#include "core/frames/cache_room.h"
#include "core/frames/cached_clip.h"
#include "core/frames/data_set.h"
#include "core/frames/preprocessing.h"
#include "core/frames/source_table.h"

namespace nextframe {

/// A folder of decoded clips, a file for each clip or series of clips, named by a hash of the source's identity and the
/// preprocessing. Any file may be deleted at any time; when the folder would outgrow its limit, the files unused for
/// longest go first.
class FrameCache {
 public:
  /// Finds or makes the folder and clears it of what killed processes left half written.
  explicit FrameCache(const CacheOptions& options);

  /// One clip, or all clips of one series, from their file, or decoded now: single clips by a thread of its own, while
  /// this one preprocesses and writes. The value range and the type are the source's. `progress` says which of how many;
  /// the name and the frame numbers, counted over all of `clips`, are filled in here.
  std::vector<std::unique_ptr<CachedClip>> get(std::span<const ClipReference> clips, const Preprocessing& preprocessing,
                                               DecodeProgress progress, const DecodeObserver& observer);

  const std::filesystem::path& folder() const { return folder_; }

 private:
  void decode(std::span<const ClipReference> clips, const Preprocessing& preprocessing, const std::string& key,
              const std::filesystem::path& file, DecodeProgress progress, const DecodeObserver& observer);

  std::filesystem::path folder_;
  CacheRoom room_;
};

}  // namespace nextframe
