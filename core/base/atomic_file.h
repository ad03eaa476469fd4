#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace nextframe {

/// What becomes of half-written files of killed processes beside a file that is to be made.
enum class Leftovers {
  kRemove,  ///< those of the same destination
  kIgnore,  ///< for many files in one folder: looking through it for each of them would take long
};

/// Removes the half-written files of killed processes from a folder: all those whose destination has this extension.
/// Those that a living process writes stay.
void remove_leftovers(const std::filesystem::path& folder, std::string_view extension);

/// A file being made beside the one it will replace. The destination changes in one rename when `commit` is called and
/// not at all before: a crash at any moment leaves the old file or the new one. Destroyed without commit, the temporary
/// file is removed. For libraries that insist on opening by name; otherwise AtomicFile.
/// Destinations that are no regular files (a pipe, a device) cannot be replaced and are written in place.
class ReplacedFile {
 public:
  /// Creates an empty temporary file with the destination's ending and, where it exists, its permissions. Rejects a
  /// folder as destination, a missing parent folder and a place that cannot be written.
  explicit ReplacedFile(const std::filesystem::path& destination, Leftovers leftovers = Leftovers::kRemove);
  ~ReplacedFile();
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;

  /// Where to write; the ending is the destination's.
  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& destination() const { return destination_; }
  /// Flushes the temporary file to disk, renames it and flushes the folder. Fails, and leaves the old file, when the
  /// disk does not take it.
  void commit();

 protected:
  /// Writes all of it at the temporary file's end, or fails with the system's reason (a full disk).
  void write_bytes(const void* data, std::size_t size);

 private:
  void create();
  bool lock() const;
  void discard();

  std::filesystem::path destination_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  bool in_place_ = false;
};

/// A ReplacedFile that is written through this object.
class AtomicFile : public ReplacedFile {
 public:
  explicit AtomicFile(const std::filesystem::path& destination, Leftovers leftovers = Leftovers::kRemove)
      : ReplacedFile(destination, leftovers) {}

  void write(const void* data, std::size_t size) { write_bytes(data, size); }
  void write(std::string_view text) { write_bytes(text.data(), text.size()); }
};

/// The whole file at once.
void write_file_atomically(const std::filesystem::path& destination, std::string_view contents);

}  // namespace nextframe
