#pragma once

#include <string>
#include <vector>

#include "app/command_line.h"

namespace nextframe::app {

/// The page of `nextframe --help`, no line wider than `width`.
std::string program_help(const std::vector<const CommandSpec*>& commands, int width);

/// The page of `nextframe COMMAND --help`.
std::string command_help(const CommandSpec& command, int width);

}  // namespace nextframe::app
