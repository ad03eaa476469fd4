#pragma once

#include <cstdint>
#include <vector>

namespace nextframe {

/// How often a network that feeds its output back gets, in training, the frame that came instead of its own (Bengio et al.
/// 2015).
struct ScheduledSamplingOptions {
  double start = 1.0;
  double decrease = 2e-5;
  std::int64_t stop = 50000;

  bool operator==(const ScheduledSamplingOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("start", start, {.doc = "probability of the frame that came, before the first step", .min = 0, .max = 1});
    v.field("decrease", decrease, {.doc = "by how much it falls with every step", .min = 0, .max = 1});
    v.field("stop", stop,
            {.doc = "after so many steps the network gets nothing but its own frames", .min = 0, .max = 1e9});
  }
};

/// The probability in the training step behind `steps` others: start - (steps + 1) decrease, at least 0; 0 from `stop` on.
double truth_probability(const ScheduledSamplingOptions& options, std::int64_t steps);

/// Where and when choices are drawn.
struct SamplingMoment {
  std::uint64_t seed = 0;
  std::int64_t steps = 0;  ///< training steps before this one
  std::int64_t batch = 0;  ///< of this step's
};

/// `count` choices, 1 for the frame that came. They follow from the moment alone, so that a resumed run draws the same.
std::vector<std::uint8_t> draw_truth(const ScheduledSamplingOptions& options, const SamplingMoment& moment,
                                     std::int64_t count);

}  // namespace nextframe
