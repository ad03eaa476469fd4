#include "core/train/scheduled_sampling.h"

#include <algorithm>

#include "core/base/random.h"

namespace nextframe {

namespace {

/// Draws that no other use of the run's seed makes.
constexpr std::uint64_t kStream = std::uint64_t{0x5c4ed} << 44;
constexpr int kBatchBits = 16;  // train.accumulate has no more

}  // namespace

double truth_probability(const ScheduledSamplingOptions& options, std::int64_t steps) {
  if (steps >= options.stop) return 0;
  return std::max(0.0, options.start - options.decrease * static_cast<double>(steps + 1));
}

std::vector<std::uint8_t> draw_truth(const ScheduledSamplingOptions& options, const SamplingMoment& moment,
                                     std::int64_t count) {
  const double probability = truth_probability(options, moment.steps);
  const std::uint64_t step = static_cast<std::uint64_t>(moment.steps) << kBatchBits;
  Random random(moment.seed, kStream + step + static_cast<std::uint64_t>(moment.batch));
  std::vector<std::uint8_t> truth(static_cast<std::size_t>(count));
  for (std::uint8_t& choice : truth) choice = random.uniform() < probability ? 1 : 0;
  return truth;
}

}  // namespace nextframe
