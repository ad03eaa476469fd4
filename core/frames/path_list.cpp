#include "core/frames/path_list.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {

namespace fs = std::filesystem;

std::vector<std::string> expand_path(const std::string& path) {
  std::error_code ignored;
  if (!is_glob(path) || fs::exists(path, ignored)) return {path};
  std::vector<fs::path> found{fs::path(path).is_absolute() ? fs::path("/") : fs::path()};
  for (const fs::path& part : fs::path(path).relative_path()) {
    std::vector<fs::path> deeper;
    for (const fs::path& folder : found) {
      if (!is_glob(part.native())) {
        if (fs::exists(folder / part, ignored)) deeper.push_back(folder / part);
        continue;
      }
      const fs::path listed = folder.empty() ? fs::path(".") : folder;
      for (fs::directory_iterator entry(listed, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
        const fs::path name = entry->path().filename();
        if (name.native().starts_with('.') && !part.native().starts_with('.')) continue;
        if (glob_match(part.native(), name.native())) deeper.push_back(folder / name);
      }
    }
    found = std::move(deeper);
  }
  std::vector<std::string> paths;
  for (const fs::path& each : found) paths.push_back(each.native());
  std::sort(paths.begin(), paths.end(), natural_less);
  return paths;
}

ArrayPath parse_array_path(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored)) return {path};
  for (std::size_t mark = path.find('#'); mark != std::string::npos; mark = path.find('#', mark + 1)) {
    const std::string file = path.substr(0, mark);
    if (has_extension(file, {".npy", ".npz"})) return {file, path.substr(mark + 1)};
  }
  return {path};
}

std::string lower_extension(std::string_view path) {
  std::string extension = fs::path(path).extension().native();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension;
}

bool has_extension(std::string_view path, const std::vector<std::string_view>& extensions) {
  const std::string extension = lower_extension(path);
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

bool is_address(std::string_view path) {
  const std::size_t colon = path.find("://");
  return colon != std::string_view::npos && colon > 0 &&
         std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(colon),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
}

bool is_camera(std::string_view path) {
  std::error_code ignored;
  return !path.empty() && path.size() <= 3 &&
         std::all_of(path.begin(), path.end(), [](unsigned char c) { return std::isdigit(c) != 0; }) &&
         !fs::exists(path, ignored);
}

bool is_pipe(const std::string& path) {
  std::error_code ignored;
  return fs::is_fifo(path, ignored);
}

void require_path(const std::string& path) {
  if (path.empty()) reject("[frames] an empty path; expected a video, a folder or pattern of images, or an array");
  if (is_address(path) || is_camera(path)) return;
  std::error_code ignored;
  if (fs::exists(path, ignored)) return;
  if (const ArrayPath array = parse_array_path(path); array.file != path) return require_path(array.file);
  if (!is_glob(path)) reject("[frames] {}: no such file or folder", path);
  if (expand_path(path).empty()) reject("[frames] {}: no file matches this pattern", path);
}

std::string file_identity(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::weakly_canonical(path, error);
  const auto bytes = fs::file_size(path, error);
  if (error) reject("[frames] {}: cannot be read ({})", path, error.message());
  const auto changed = fs::last_write_time(path, error);
  return format("{}|{}|{}", absolute.native(), bytes, static_cast<long long>(changed.time_since_epoch().count()));
}

}  // namespace nextframe
