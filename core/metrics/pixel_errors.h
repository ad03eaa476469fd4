#pragma once

#include <cstdint>
#include <vector>

#include "core/metrics/metric.h"

namespace nextframe {

/// Errors of one frame, summed over its valid pixels and their channels.
struct PixelErrors {
  double squared = 0;
  double absolute = 0;
  double difference = 0;    ///< forecast - truth
  std::int64_t values = 0;  ///< valid pixels times channels
};

enum class ValueRange { kAsGiven, kClippedToOne };

/// kClippedToOne clips both frames to 0..1 first.
PixelErrors pixel_errors(const FramePair& pair, ValueRange range);

/// A sum and its weight for each lead time.
class LeadSums {
 public:
  explicit LeadSums(std::int64_t horizon) : rows_(static_cast<std::size_t>(horizon)) {}

  void add(std::int64_t lead, double sum, double weight);
  void leave_out(std::int64_t lead);
  /// Sum over weight, missing where the weight is 0.
  std::vector<Score> means() const;

 private:
  struct Row {
    double sum = 0;
    double weight = 0;
    std::int64_t frames = 0;
    std::int64_t left_out = 0;
  };
  std::vector<Row> rows_;
};

}  // namespace nextframe
