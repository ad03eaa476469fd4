#pragma once

#include <string>
#include <utility>
#include <vector>

namespace nextframe::app {

/// What computed, for reports: processor, its threads, memory, operating system, the program with its libraries and the
/// instruction set in use; name and value each, in an order to show them in.
std::vector<std::pair<std::string, std::string>> machine_facts();

}  // namespace nextframe::app
