#include "core/metrics/metric_table.h"

#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"

namespace nextframe {

const MetricEntry& find_metric(std::string_view name) {
  std::vector<std::string> names;
  for (const MetricEntry& entry : kMetrics) {
    if (entry.name == name) return entry;
    names.emplace_back(entry.name);
  }
  const std::string nearest = nearest_name(name, names);
  reject("[metrics] got \"{}\", expected one of {}{}", name, join(names, ", "),
         nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?");
}

}  // namespace nextframe
