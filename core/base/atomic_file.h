#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace nextframe {

/// A file being made beside the one it will replace. The destination changes in one rename when `commit` is called and
/// not at all before: a crash at any moment leaves the old file or the new one. Destroyed without commit, the temporary
/// file is removed. For libraries that insist on opening by name; otherwise AtomicFile.
/// Destinations that are no regular files (a pipe, a device) cannot be replaced and are written in place.
class ReplacedFile {
 public:
  /// Creates an empty temporary file with the destination's ending and, where it exists, its permissions. Leftovers
  /// of killed processes beside it are removed. Rejects a folder as destination, a missing parent folder and a place
  /// that cannot be written.
  explicit ReplacedFile(const std::filesystem::path& destination);
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
  void remove_leftovers() const;
  void discard();

  std::filesystem::path destination_;
  std::filesystem::path temporary_;
  int descriptor_ = -1;
  bool in_place_ = false;
};

/// A ReplacedFile that is written through this object.
class AtomicFile : public ReplacedFile {
 public:
  explicit AtomicFile(const std::filesystem::path& destination) : ReplacedFile(destination) {}

  void write(const void* data, std::size_t size) { write_bytes(data, size); }
  void write(std::string_view text) { write_bytes(text.data(), text.size()); }
};

/// The whole file at once.
void write_file_atomically(const std::filesystem::path& destination, std::string_view contents);

}  // namespace nextframe
