#include "core/frames/radar/time_series.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

#include "core/base/format.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

/// The most frequent of the values, the smallest of several; 0 of none.
std::int64_t most_frequent(const std::vector<std::int64_t>& values) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t value : values) ++counts[value];
  const auto best = std::ranges::max_element(counts, [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == counts.end() ? 0 : best->first;
}

std::int64_t remainder_of(std::int64_t value, std::int64_t step) { return ((value % step) + step) % step; }

}  // namespace

std::int64_t steps_between(UtcSeconds from, UtcSeconds to, std::int64_t step) {
  return step > 0 ? std::llround(static_cast<double>(to - from) / static_cast<double>(step)) : 1;
}

TimeSeries series_of(std::span<const TimedItem> items, std::int64_t step) {
  TimeSeries series;
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (items[a].time != items[b].time) return items[a].time < items[b].time;
    return natural_less(items[a].name, items[b].name);
  });
  std::vector<std::int64_t> distances, phases;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const std::int64_t distance = items[order[i]].time - items[order[i - 1]].time;
    if (distance > 0) distances.push_back(distance);
  }
  series.step = step > 0 ? step : most_frequent(distances);
  for (const std::size_t i : order) {
    if (series.step > 0) phases.push_back(remainder_of(items[i].time, series.step));
  }
  const std::int64_t phase = most_frequent(phases);
  for (const std::size_t i : order) {
    const TimedItem& item = items[i];
    if (series.step > 0) {
      const std::int64_t off = remainder_of(item.time - phase, series.step);
      if (4 * std::min(off, series.step - off) > series.step) {
        series.notes.push_back(format("{}: its time, {}, is not one of the steps of {} s of the others; left out",
                                      item.name, format_time(item.time), series.step));
        continue;
      }
    }
    if (!series.items.empty()) {
      const TimedItem& before = items[series.items.back()];
      if (before.time == item.time || (series.step > 0 && steps_between(before.time, item.time, series.step) == 0)) {
        series.notes.push_back(
            format("{}: of the same time as {}, {}; left out", item.name, before.name, format_time(item.time)));
        continue;
      }
    }
    series.items.push_back(i);
  }
  return series;
}

}  // namespace nextframe
