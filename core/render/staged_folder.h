#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/base/file_lock.h"
#include "core/render/frame_writer.h"

namespace nextframe {

/// A folder of files being made. They go into a hidden folder first: beside the place of a new folder, which then gets
/// its name in one rename, and inside a folder that exists (it may be a mount or somebody's working directory). There the
/// new files get their names before the older ones of the same kind go, so that a crash leaves files of both, each whole,
/// and never none. Destroyed without commit, the hidden folder is removed; those of killed processes are by the next one.
class StagedFolder {
 public:
  /// Files of the kind, by their names.
  using IsOwn = bool (*)(std::string_view name);

  /// Rejects a place that cannot be written to, a folder that holds other files than the kind's, and one that holds
  /// some of those unless they may be replaced. `kind` is what such a file is to people: "forecast".
  StagedFolder(const std::string& path, IfExists if_exists, IsOwn is_own, std::string kind);
  ~StagedFolder();
  StagedFolder(const StagedFolder&) = delete;
  StagedFolder& operator=(const StagedFolder&) = delete;

  /// Where the file of that name is to be written now; fails where there was one of that name before.
  std::filesystem::path add(const std::string& name);
  /// Names that were added.
  std::size_t files() const { return names_.size(); }
  /// The folder itself, as it will be called.
  const std::filesystem::path& folder() const { return folder_; }
  /// Rejects a folder without files.
  void commit();

 private:
  void check_contents(IfExists if_exists) const;
  void make_stage();
  void remove_older() const;

  std::filesystem::path folder_;
  IsOwn is_own_;
  std::string kind_;
  bool exists_ = false;
  std::filesystem::path stage_;
  std::optional<FolderLock> lock_;  ///< on the stage: somebody is at work here
  std::set<std::string> names_;
};

}  // namespace nextframe
