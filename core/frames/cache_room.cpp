#include "core/frames/cache_room.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include "core/base/error.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

/// A look through the folder makes room for at least one part in so many of the limit.
constexpr std::uint64_t kLooksForAll = 100;

struct Entry {
  fs::file_time_type used;
  fs::path path;
  std::uint64_t bytes;
};

}  // namespace

void CacheRoom::take(std::uint64_t bytes) {
  if (bytes <= free_) {
    free_ -= bytes;
    return;
  }
  std::vector<Entry> removable;
  std::uint64_t total = 0, kept = 0;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder_, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
    if (entry->path().extension() != kCacheEnding) continue;
    std::error_code gone;
    const auto size = entry->file_size(gone);
    if (gone) continue;
    total += size;
    // A name with a dot is a file that is being written, here or by another process.
    if (kept_.contains(entry->path()) || entry->path().filename().native().starts_with('.')) {
      kept += size;
    } else {
      removable.push_back({entry->last_write_time(gone), entry->path(), size});
    }
  }
  if (kept + bytes > limit_) {
    reject(
        "[data.cache.limit_gb] the decoded frames need more than {:.3f} GB; raise the limit or use a smaller data.size",
        static_cast<double>(limit_) / 1e9);
  }
  const std::uint64_t wanted = std::min(limit_ - kept, std::max(bytes, limit_ / kLooksForAll));
  std::sort(removable.begin(), removable.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : removable) {
    if (total + wanted <= limit_) break;
    if (fs::remove(entry.path, ignored)) total -= entry.bytes;
  }
  free_ = std::min(wanted, limit_ - std::min(limit_, total));
  free_ -= std::min(free_, bytes);
}

}  // namespace nextframe
