#include "core/base/atomic_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {

namespace fs = std::filesystem;

namespace {

/// Two files of one process need two names even when their destination is the same.
std::atomic<unsigned> next_number{0};

constexpr std::string_view kMark = ".partial-";

std::string temporary_prefix(const fs::path& destination) {
  return "." + destination.stem().string() + std::string(kMark);
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

/// A link is written through: what it points to is replaced, not the link.
fs::path resolve_link(const fs::path& path) {
  std::error_code code;
  if (!fs::is_symlink(path, code)) return path;
  const fs::path target = fs::weakly_canonical(path, code);
  return code ? path : target;
}

void flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;  // a folder that may be written but not read: the rename itself has succeeded
  const int result = ::fsync(descriptor);
  const int reason = errno;
  ::close(descriptor);
  // Some network file systems cannot flush a folder, and say so with EINVAL.
  if (result != 0 && reason != EINVAL)
    fail("[file] {}: flushing the folder failed: {}", folder.string(), std::strerror(reason));
}

/// Removes the files whose names `is_meant` and that nobody has locked.
template <class Predicate>
void remove_unlocked(const fs::path& folder, std::string_view extension, Predicate is_meant) {
  std::error_code code;
  for (fs::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code)) {
    if (entry->path().extension() != extension || !is_meant(entry->path().filename().string())) continue;
    const int descriptor = ::open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) continue;
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(entry->path().c_str());
    ::close(descriptor);
  }
}

}  // namespace

void remove_leftovers(const fs::path& folder, std::string_view extension) {
  remove_unlocked(folder, extension, [](const std::string& name) {
    return name.starts_with('.') && name.find(kMark) != std::string::npos;
  });
}

ReplacedFile::ReplacedFile(const fs::path& destination, Leftovers leftovers) : destination_(resolve_link(destination)) {
  std::error_code code;
  const fs::file_status status = fs::status(destination_, code);
  if (fs::is_directory(status)) reject("[file] {}: is a folder, expected the name of a file", destination_.string());
  if (!fs::is_directory(folder_of(destination_), code)) {
    reject("[file] {}: the folder {} does not exist", destination_.string(), folder_of(destination_).string());
  }
  in_place_ = fs::exists(status) && !fs::is_regular_file(status);
  if (in_place_) {
    temporary_ = destination_;
    descriptor_ = ::open(destination_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) reject("[file] {}: cannot be written: {}", destination_.string(), std::strerror(errno));
    return;
  }
  if (fs::exists(status) && ::access(destination_.c_str(), W_OK) != 0) {
    reject("[file] {}: cannot be written: {}", destination_.string(), std::strerror(errno));
  }
  if (leftovers == Leftovers::kRemove) {
    const std::string prefix = temporary_prefix(destination_);
    remove_unlocked(folder_of(destination_), destination_.extension().native(),
                    [&](const std::string& name) { return name.starts_with(prefix); });
  }
  create();
}

ReplacedFile::~ReplacedFile() { discard(); }

void ReplacedFile::create() {
  const fs::path folder = folder_of(destination_);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    temporary_ = folder / format("{}{}-{}{}", temporary_prefix(destination_), ::getpid(), next_number++,
                                 destination_.extension().string());
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno == EEXIST) continue;
    if (descriptor_ < 0 || lock()) break;
    ::close(descriptor_);
    descriptor_ = -1;
    errno = EEXIST;
  }
  if (descriptor_ < 0) reject("[file] {}: cannot be written: {}", destination_.string(), std::strerror(errno));
  struct stat old {};
  // Keeping the permissions is a courtesy: a file system without them still takes the data.
  if (::stat(destination_.c_str(), &old) == 0 && ::fchmod(descriptor_, old.st_mode & 07777) != 0) errno = 0;
}

/// Marks the file as in use; the mark ends with the process, whichever way that ends. False where another process took
/// the file for a leftover before it was marked, and removes it.
bool ReplacedFile::lock() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;  // else a file system without locks
  struct stat status {};
  return ::fstat(descriptor_, &status) != 0 || status.st_nlink > 0;
}

void ReplacedFile::write_bytes(const void* data, std::size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, next, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("[file] {}: writing failed: {}", destination_.string(), std::strerror(errno));
    next += written;
    size -= static_cast<std::size_t>(written);
  }
}

void ReplacedFile::commit() {
  if (descriptor_ < 0) return;
  if (in_place_) {
    const int result = ::close(descriptor_);
    descriptor_ = -1;
    if (result != 0) fail("[file] {}: writing failed: {}", destination_.string(), std::strerror(errno));
    return;
  }
  // A library may have made the file anew under the same name: flush what the name means now.
  const int current = ::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC);
  bool ok = current >= 0 && ::fsync(current) == 0;
  int reason = errno;
  if (current >= 0) ::close(current);
  if (ok && ::rename(temporary_.c_str(), destination_.c_str()) != 0) {
    ok = false;
    reason = errno;
  }
  if (!ok) {
    discard();
    fail("[file] {}: writing failed: {}", destination_.string(), std::strerror(reason));
  }
  ::close(descriptor_);
  descriptor_ = -1;
  flush_folder(folder_of(destination_));
}

void ReplacedFile::discard() {
  if (descriptor_ < 0) return;
  if (!in_place_) ::unlink(temporary_.c_str());
  ::close(descriptor_);
  descriptor_ = -1;
}

void write_file_atomically(const fs::path& destination, std::string_view contents) {
  AtomicFile file(destination);
  file.write(contents);
  file.commit();
}

}  // namespace nextframe
