#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace nextframe {

/// A whole file mapped read-only into memory: the system reads what is touched and may forget it again.
class MappedFile {
 public:
  /// Rejects a path that is missing, no regular file or not readable.
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// Empty for an empty file.
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace nextframe
