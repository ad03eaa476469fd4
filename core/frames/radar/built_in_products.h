#pragma once

#include <span>
#include <string_view>

namespace nextframe {

/// A file of configs/products as it was when the program was built.
struct BuiltInFile {
  std::string_view name;
  std::string_view text;
};

/// In the order in which their rows are tried.
std::span<const BuiltInFile> built_in_product_files();

}  // namespace nextframe
