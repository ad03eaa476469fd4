#include "app/shipped_files.h"

#include <filesystem>
#include <system_error>

namespace nextframe::app {

namespace fs = std::filesystem;

namespace {

/// The folder of the program that runs; empty where the system does not say.
fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

}  // namespace

std::string shipped_folder() {
  const fs::path program = program_folder();
  if (program.empty()) return "";
  std::error_code error;
  const fs::path folder = program.parent_path() / "share/nextframe";
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

std::string find_module(const std::string& name) {
  const fs::path program = program_folder();
  if (program.empty()) return name;
  for (const fs::path& folder : {program, program.parent_path() / "lib/nextframe"}) {
    std::error_code error;
    if (fs::exists(folder / name, error)) return (folder / name).string();
  }
  return name;
}

}  // namespace nextframe::app
