#include "core/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.h"

namespace nextframe {

// flock() and not fcntl(): the latter's locks end as soon as the process closes any other handle of the same file.
FileLock::FileLock(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) reject("[file] {}: cannot be opened: {}", path.string(), std::strerror(errno));
  int result = 0;
  do {
    result = ::flock(descriptor_, LOCK_EX | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  held_ = result == 0 || errno != EWOULDBLOCK;
}

FileLock::~FileLock() { ::close(descriptor_); }

}  // namespace nextframe
