#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/metrics/metric.h"

namespace nextframe {

/// How often an event, a value of at least a threshold, was forecast and came.
struct Contingency {
  std::int64_t hits = 0;
  std::int64_t false_alarms = 0;
  std::int64_t misses = 0;
  std::int64_t correct_negatives = 0;
  std::int64_t undefined = 0;  ///< forecast or truth is not a number, within the mask

  std::int64_t total() const { return hits + false_alarms + misses + correct_negatives; }
  std::int64_t observed() const { return hits + misses; }
  std::int64_t forecast() const { return hits + false_alarms; }
  Contingency& operator+=(const Contingency& other);
  Contingency& operator-=(const Contingency& other);
  bool operator==(const Contingency&) const = default;
};

/// Counts valid pixels and their channels, apart for each lead time. With a pool above 1 the frame is first cut into
/// squares of that side, each of which stands for its largest valid value, as PyTorch's max_pool2d does with equal
/// kernel and stride: what is left over at the right and at the bottom does not count.
class ContingencyTable {
 public:
  ContingencyTable(std::int64_t horizon, double threshold, std::int64_t pool)
      : threshold_(threshold), pool_(pool), rows_(static_cast<std::size_t>(horizon)), sums_(horizon, kCounts) {}

  double threshold() const { return threshold_; }
  std::int64_t pool() const { return pool_; }
  void add(std::int64_t lead, const FramePair& pair);
  const std::vector<Contingency>& per_lead() const { return rows_; }

  /// The counts, for resampling.
  LeadTimeSums& sums() { return sums_; }
  const LeadTimeSums& sums() const { return sums_; }
  static Contingency counts_of(const Sums& sums);

 private:
  static constexpr std::size_t kCounts = 5;

  Contingency count_frame(const FramePair& pair) const;

  double threshold_;
  std::int64_t pool_;
  std::vector<Contingency> rows_;
  LeadTimeSums sums_;
};

/// Scores of one table. Missing where nothing could be counted: their denominator is 0. Not a number where a pixel was
/// undefined. With a hits, b false alarms, c misses, d correct negatives, n pixels and a' = (a + b) (a + c) / n hits by chance:
std::optional<double> critical_success_index(const Contingency& table);    ///< a / (a + b + c)
std::optional<double> probability_of_detection(const Contingency& table);  ///< a / (a + c)
std::optional<double> false_alarm_ratio(const Contingency& table);         ///< b / (a + b)
std::optional<double> gilbert_skill_score(const Contingency& table);       ///< (a - a') / (a + b + c - a')
std::optional<double> heidke_skill_score(const Contingency& table);        ///< 2 GSS / (GSS + 1)
std::optional<double> frequency_bias(const Contingency& table);            ///< (a + b) / (a + c)
std::optional<double> hanssen_kuipers(const Contingency& table);           ///< a / (a + c) - b / (b + d)
/// Of Matthews: (a d - b c) / sqrt((a + b) (a + c) (d + b) (d + c)), the correlation of what was forecast with what came.
std::optional<double> matthews_correlation(const Contingency& table);

}  // namespace nextframe
