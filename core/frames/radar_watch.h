#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/frames/frame_source.h"
#include "core/frames/options.h"
#include "core/frames/radar/product.h"

namespace nextframe {

struct RadarWatchOptions {
  SourceOptions source;       ///< a folder, or names with a time
  std::int64_t steps = 1;     ///< time steps that a recording needs
  double settle_seconds = 2;  ///< a file that changed within so long is looked at again before it is read
};

/// A folder that radar files arrive in, in any order: whole or in pieces, twice, late or damaged. Only the newest files
/// are looked at, by the times in their names, and no more is kept than what is known of those; so memory does not grow.
class RadarWatch {
 public:
  explicit RadarWatch(RadarWatchOptions options);

  struct Recording {
    UtcSeconds time = kNoTime;            ///< of its newest field
    std::unique_ptr<FrameSource> source;  ///< the newest steps, that field last
  };
  /// Looks into the folder. A recording where the newest file that can be read is newer than what was done(), and a
  /// file came or changed since the last look. Files that are still being written, are damaged or dated in the future
  /// are left out until they change. Rejects products that are not known.
  std::optional<Recording> look();
  /// Recordings up to this time are not wanted any more.
  void done(UtcSeconds time) { done_ = time; }
  /// For people: what was left out since the last call, each file once.
  std::vector<std::string> take_notes() { return std::exchange(notes_, {}); }

 private:
  enum class State { kSettling, kReadable, kUnreadable };
  struct KnownFile {
    std::uintmax_t bytes = 0;
    std::int64_t changed = 0;  ///< time of the last change
    State state = State::kSettling;
  };
  using Key = std::pair<UtcSeconds, std::string>;  ///< time and path

  UtcSeconds time_of(const std::string& path) const;
  std::set<Key> newest();
  void look_at(const Key& key);
  State try_to_read(const std::string& path);

  RadarWatchOptions options_;
  std::vector<Product> products_;
  std::size_t most_files_;
  std::map<Key, KnownFile> known_;
  std::set<std::string> in_future_;
  UtcSeconds done_ = kNoTime;
  bool changed_ = false;  ///< a file became readable since the last recording
  std::vector<std::string> notes_;
};

}  // namespace nextframe
