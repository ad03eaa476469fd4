#include "core/baselines/baseline.h"

#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {

const BaselineEntry& find_baseline(std::string_view name) {
  std::vector<std::string> names;
  for (const BaselineEntry& entry : kBaselines) {
    if (entry.name == name) return entry;
    names.emplace_back(entry.name);
  }
  const std::string nearest = nearest_name(name, names);
  reject("[baselines] got \"{}\", expected one of {}{}", name, join(names, ", "),
         nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
}

}  // namespace nextframe
