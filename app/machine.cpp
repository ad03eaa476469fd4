#include "app/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "app/version.h"
#include "core/base/format.h"
#include "core/base/text.h"

namespace nextframe::app {
namespace {

/// The value behind "key : value" in a file of such lines; empty where there is none.
std::string value_in(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find_first_of(":=");
    if (colon == std::string::npos) continue;
    std::string value = line.substr(colon + 1);
    value.erase(0, value.find_first_not_of(" \t\""));
    value.erase(value.find_last_not_of(" \t\"") + 1);
    return value;
  }
  return "";
}

std::string system_text() {
  utsname name{};
  const std::string kernel = uname(&name) == 0 ? format("{} {}", name.sysname, name.release) : std::string();
  const std::string distribution = value_in("/etc/os-release", "PRETTY_NAME");
  return distribution.empty() ? kernel : distribution + ", " + kernel;
}

std::string memory_text() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? format_bytes(static_cast<double>(pages) * static_cast<double>(size)) : "not known";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> machine_facts() {
  const std::string processor = value_in("/proc/cpuinfo", "model name");
  std::vector<std::pair<std::string, std::string>> facts{
      {"processor", processor.empty() ? "not known" : processor},
      {"threads of the processor", format("{}", std::thread::hardware_concurrency())},
      {"memory", memory_text()},
      {"system", system_text()},
  };
  std::vector<std::string> lines = split(version_text(), '\n');
  facts.emplace_back("program", lines.front());
  constexpr std::string_view kComputes = "computes with ", kBuilt = "built with ";
  for (const std::string& line : lines) {
    if (line.starts_with(kComputes)) facts.emplace_back("computed with", line.substr(kComputes.size()));
    if (line.starts_with(kBuilt)) facts.emplace_back("libraries", line.substr(kBuilt.size()));
  }
  return facts;
}

}  // namespace nextframe::app
