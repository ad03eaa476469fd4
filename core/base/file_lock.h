#pragma once

#include <filesystem>

namespace nextframe {

/// Keeps other processes that ask for the same lock out for as long as it lives. The system takes it back when the
/// process ends, whichever way, so a crash leaves nothing behind. Advisory: who does not ask is not kept out.
class FileLock {
 public:
  /// Locks the file, which is made where it does not exist and never changed. Rejects a file that cannot be opened.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False where somebody else holds it. A file system without locks keeps nobody out.
  bool held() const { return held_; }

 private:
  int descriptor_ = -1;
  bool held_ = false;
};

/// The same for a folder that exists, which can be renamed meanwhile.
class FolderLock {
 public:
  enum class State {
    kHeld,
    kTaken,   ///< somebody else holds it
    kUnable,  ///< there is no such folder, or the file system has no locks
  };

  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  State state() const { return state_; }

 private:
  int descriptor_ = -1;
  State state_ = State::kUnable;
};

}  // namespace nextframe
