#include "app/shipped_files.h"

#include <filesystem>
#include <system_error>

namespace nextframe::app {

namespace fs = std::filesystem;

std::string shipped_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return "";
  const fs::path folder = program.parent_path().parent_path() / "share/nextframe";
  return fs::is_directory(folder, error) ? folder.string() : "";
}

std::string find_shipped(const std::string& path) {
  std::error_code error;
  if (!(path.starts_with("configs/") || path.starts_with("data/")) || fs::exists(path, error)) return path;
  const std::string folder = shipped_folder();
  if (folder.empty()) return path;
  const fs::path shipped = fs::path(folder) / path;
  return fs::exists(shipped, error) ? shipped.string() : path;
}

}  // namespace nextframe::app
