#include "core/base/memory.h"

#include <fstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

namespace nextframe {

namespace {

/// The number that a one-value file holds, or 0 ("max" means no limit).
std::uint64_t read_number(const char* path) {
  std::ifstream stream(path);
  std::uint64_t number = 0;
  return stream >> number ? number : 0;
}

/// A field of /proc/meminfo in bytes, or 0.
std::uint64_t meminfo(const std::string& field) {
  std::ifstream stream("/proc/meminfo");
  std::string name;
  std::uint64_t kilobytes = 0;
  std::string unit;
  while (stream >> name >> kilobytes) {
    std::getline(stream, unit);
    if (name == field + ":") return kilobytes * 1024;
  }
  return 0;
}

/// What the control group still allows, or 0 without a limit.
std::uint64_t control_group_room() {
  const std::uint64_t limit = read_number("/sys/fs/cgroup/memory.max");
  if (limit == 0) return 0;
  const std::uint64_t used = read_number("/sys/fs/cgroup/memory.current");
  // Cached file pages count as used but are given up under pressure.
  std::ifstream stream("/sys/fs/cgroup/memory.stat");
  std::string name;
  std::uint64_t value = 0;
  std::uint64_t cached = 0;
  while (stream >> name >> value) {
    if (name == "inactive_file" || name == "active_file") cached += value;
  }
  const std::uint64_t held = used > cached ? used - cached : 0;
  return limit > held ? limit - held : 1;
}

}  // namespace

std::uint64_t available_memory_bytes() {
  const std::uint64_t machine = meminfo("MemAvailable");
  const std::uint64_t group = control_group_room();
  if (machine == 0) return group;
  if (group == 0) return machine;
  return machine < group ? machine : group;
}

std::uint64_t resident_memory_bytes() {
  std::ifstream stream("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  if (!(stream >> size >> resident)) return 0;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t peak_memory_bytes() {
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace nextframe
