#pragma once

#include <string>

namespace nextframe::app {

/// "0.1.0"
std::string program_version();

/// What `nextframe --version` prints: the program, its libraries and the instruction set in use.
std::string version_text();

}  // namespace nextframe::app
