#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace nextframe::test {

/// One #include line.
struct Include {
  std::string name;
  bool quoted = false;
};

std::vector<Include> scan_includes(std::string_view source);

/// What is wrong with a file's includes by the order of folders and the table of third-party headers; `path` is
/// relative to the root, "core/nn/cells/lstm.cpp".
std::vector<std::string> find_include_problems(const std::string& path, std::string_view source);

/// All C++ and CUDA sources below the root's app, core and tests, relative to the root.
std::vector<std::string> list_sources(const std::filesystem::path& root);

std::string read_text(const std::filesystem::path& path);

}  // namespace nextframe::test
