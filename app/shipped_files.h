#pragma once

#include <string>

namespace nextframe::app {

/// Where an installed program keeps the configs/ and data/ that came with it: ../share/nextframe beside its own folder. Empty
/// where there is no such folder, as in a build tree.
std::string shipped_folder();

/// `path`, or, where nothing is there and it begins with configs/ or data/, the file of that name that was installed with the
/// program: so that the examples of the help work from anywhere.
std::string find_shipped(const std::string& path);

/// The module `name` of the program, beside it or in ../lib/nextframe, or the name alone where it is in neither.
std::string find_module(const std::string& name);

}  // namespace nextframe::app
