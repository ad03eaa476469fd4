#include "tests/house/include_scan.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace nextframe::test {

namespace fs = std::filesystem;

namespace {

struct Row {
  std::string_view folder;
  int rank;
};

/// The order of the folders, highest first. An include may point to a lower rank or into its own folder; folders of the
/// same rank do not include each other. The longest matching folder counts.
constexpr std::array<Row, 20> kRows{{
    {"app", 16},
    {"core/trade", 15},
    {"core/config", 14},
    {"core/train", 13},
    {"core/render", 12},
    {"core/baselines", 11},
    {"core/metrics", 10},
    {"core/model", 9},
    {"core/nn", 8},
    {"core/loss", 7},
    {"core/optim", 7},
    {"core/frames", 6},
    {"core/motion", 5},
    {"core/backend", 4},
    {"core/backend/reference", 4},
    {"core/backend/cpu", 4},
    {"core/backend/cuda", 4},
    {"core/tensor", 3},
    {"core/json", 2},
    {"core/base", 1},
}};

struct ThirdParty {
  std::string_view header;  ///< beginning of the header's name
  std::vector<std::string_view> folders;
};

const std::vector<ThirdParty>& third_party() {
  static const std::vector<ThirdParty> kTable = {
      {"CLI/", {"app/"}},
      {"opencv2/", {"core/render/", "core/baselines/", "core/frames/", "core/motion/", "app/version.cpp"}},
      {"libav", {"core/render/", "core/frames/video_length.cpp", "app/version.cpp"}},
      {"libsw", {"core/render/", "app/version.cpp"}},
      {"gdal", {"core/render/gdal/", "core/frames/gdal/"}},
      {"ogr_", {"core/render/gdal/", "core/frames/gdal/"}},
      {"cpl_", {"core/render/gdal/", "core/frames/gdal/"}},
      {"dnnl", {"core/backend/cpu/", "app/version.cpp"}},
      {"oneapi/", {"core/backend/cpu/", "app/version.cpp"}},
      {"hwy/", {"core/backend/cpu/", "app/version.cpp"}},
      {"omp.h", {"core/backend/cpu/"}},
      {"cuda", {"core/backend/cuda/"}},
      {"cudnn", {"core/backend/cuda/"}},
      {"cublas", {"core/backend/cuda/"}},
      {"nlohmann/", {"core/json/"}},
      {"spdlog/", {"core/base/"}},
      {"zip.h", {"core/frames/", "core/render/"}},
      {"zlib.h", {"core/frames/", "core/render/"}},
      {"gtest/", {}},
      {"gmock/", {}},
      {"benchmark/", {}},
  };
  return kTable;
}

/// Headers of the C library, the system and the compiler that a path or an ending alone does not tell from third
/// parties.
constexpr std::array<std::string_view, 17> kSystem{
    "sys/",     "arpa/",    "netinet/",  "linux/",  "fcntl.h", "unistd.h",    "poll.h",     "pty.h",   "dlfcn.h",
    "stdlib.h", "signal.h", "termios.h", "sched.h", "cpuid.h", "immintrin.h", "sanitizer/", "malloc.h"};

bool is_inside(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

std::optional<Row> row_of(std::string_view path) {
  std::optional<Row> best;
  for (const Row& row : kRows) {
    if (is_inside(path, row.folder) && (!best || row.folder.size() > best->folder.size())) best = row;
  }
  return best;
}

/// The factory in core/backend makes every backend, and every backend implements core/backend's interface.
bool is_backend_pair(std::string_view one, std::string_view other) {
  const auto below = [](std::string_view whole, std::string_view part) { return is_inside(part, whole); };
  return below(one, other) || below(other, one);
}

void check_project_include(const std::string& path, const std::string& name, std::vector<std::string>& problems) {
  const std::optional<Row> from = row_of(path);
  const std::optional<Row> to = row_of(name);
  if (!to) {
    if (!name.starts_with("tests/") || !path.starts_with("tests/")) {
      problems.push_back(path + ": includes \"" + name + "\", which is not written from the root");
    }
    return;
  }
  if (!from || from->folder == to->folder || to->rank < from->rank) return;
  if (to->rank == from->rank && is_backend_pair(from->folder, to->folder)) return;
  problems.push_back(path + ": includes \"" + name + "\", but " + std::string(to->folder) + " does not stand below " +
                     std::string(from->folder));
}

void check_foreign_include(const std::string& path, const std::string& name, std::vector<std::string>& problems) {
  for (const ThirdParty& library : third_party()) {
    if (!name.starts_with(library.header)) continue;
    const bool allowed =
        path.starts_with("tests/") || std::any_of(library.folders.begin(), library.folders.end(),
                                                  [&](auto folder) { return path.starts_with(folder); });
    if (!allowed) problems.push_back(path + ": includes <" + name + ">, which has no place in this folder");
    return;
  }
  if (name.find_first_of("/.") == std::string::npos) return;  // the standard library
  if (std::any_of(kSystem.begin(), kSystem.end(), [&](auto system) { return name.starts_with(system); })) return;
  problems.push_back(path + ": includes <" + name + ">, which the table of third-party headers does not know");
}

}  // namespace

std::vector<Include> scan_includes(std::string_view source) {
  std::vector<Include> includes;
  std::istringstream lines{std::string(source)};
  for (std::string line; std::getline(lines, line);) {
    std::size_t position = line.find_first_not_of(" \t");
    if (position == std::string::npos || line[position] != '#') continue;
    position = line.find_first_not_of(" \t", position + 1);
    if (position == std::string::npos || line.compare(position, 7, "include") != 0) continue;
    const std::size_t begin = line.find_first_of("<\"", position);
    if (begin == std::string::npos) continue;
    const std::size_t end = line.find(line[begin] == '<' ? '>' : '"', begin + 1);
    if (end == std::string::npos) continue;
    includes.push_back({line.substr(begin + 1, end - begin - 1), line[begin] == '"'});
  }
  return includes;
}

std::vector<std::string> find_include_problems(const std::string& path, std::string_view source) {
  std::vector<std::string> problems;
  for (const Include& include : scan_includes(source)) {
    if (include.quoted) {
      check_project_include(path, include.name, problems);
    } else {
      check_foreign_include(path, include.name, problems);
    }
  }
  return problems;
}

std::vector<std::string> list_sources(const fs::path& root) {
  std::vector<std::string> sources;
  for (const char* folder : {"app", "core", "tests"}) {
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string ending = entry.path().extension().string();
      if (ending == ".h" || ending == ".cpp" || ending == ".cu" || ending == ".cuh") {
        sources.push_back(fs::relative(entry.path(), root).generic_string());
      }
    }
  }
  std::sort(sources.begin(), sources.end());
  return sources;
}

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace nextframe::test
