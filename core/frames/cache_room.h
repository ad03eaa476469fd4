#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string_view>

namespace nextframe {

inline constexpr std::string_view kCacheEnding = ".frames";

/// The room in a cache's folder. The folder is looked through when the room known to be free is used up, not for each
/// file: a look finds room for a hundredth of the limit at once.
class CacheRoom {
 public:
  CacheRoom(std::filesystem::path folder, std::uint64_t limit_bytes)
      : folder_(std::move(folder)), limit_(limit_bytes) {}

  /// Room for so many bytes more. Where they do not fit, the files go first that were unused for longest; rejects where
  /// the files that are kept, and those that are being written, leave no room for them.
  void take(std::uint64_t bytes);
  /// A file in use, which is not deleted.
  void keep(const std::filesystem::path& file) { kept_.insert(file); }

 private:
  std::filesystem::path folder_;
  std::uint64_t limit_ = 0;
  std::uint64_t free_ = 0;  ///< found by the last look and not yet taken
  std::set<std::filesystem::path> kept_;
};

}  // namespace nextframe
