#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "core/base/log.h"
#include "core/frames/cached_clip.h"
#include "core/frames/data_set.h"
#include "core/frames/preprocessing.h"
#include "core/frames/source_table.h"

namespace nextframe {

/// A folder of decoded clips, one file each, named by a hash of the source's identity and the preprocessing. Any file
/// may be deleted at any time; when the folder would outgrow its limit, the files unused for longest go first.
class FrameCache {
 public:
  explicit FrameCache(const CacheOptions& options);

  /// The clip from its file, or decoded now: by a thread of its own, while this one preprocesses and writes. The value
  /// range and the type are the source's. `progress` names the clip; its frame numbers are filled in here.
  std::unique_ptr<CachedClip> get(const ClipReference& clip, const Preprocessing& preprocessing,
                                  DecodeProgress progress, const DecodeObserver& observer);

  const std::filesystem::path& folder() const { return folder_; }

 private:
  void decode(const ClipReference& clip, const Preprocessing& preprocessing, const std::string& key,
              const std::filesystem::path& file, DecodeProgress progress, const DecodeObserver& observer);
  /// Deletes the oldest files until `needed` more bytes fit; rejects where the files in use leave no room for them.
  void make_room(std::uint64_t needed) const;

  std::filesystem::path folder_;
  std::uint64_t limit_ = 0;
  std::set<std::filesystem::path> in_use_;
};

}  // namespace nextframe
