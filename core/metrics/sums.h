#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace nextframe {

/// What a score is made of: sums over frames, which of what depends on the score.
struct Sums {
  static constexpr std::size_t kMost = 6;

  std::array<double, kMost> values{};
  std::int64_t frames = 0;    ///< that count
  std::int64_t left_out = 0;  ///< that do not

  Sums& operator+=(const Sums& other);
};

/// Sums by lead time: of all frames and, where that is asked for, of resamples of them. A resample takes each block of
/// sequences as often as its weight says, so that it is made while the sequences come and none of them is kept: the
/// bootstrap in one pass (Chamandy et al. 2012, "Estimating uncertainty for massive data streams").
class LeadTimeSums {
 public:
  /// `used`: of Sums' values.
  LeadTimeSums(std::int64_t horizon, std::size_t used) : used_(used), total_(static_cast<std::size_t>(horizon)) {}

  std::size_t used() const { return used_; }
  /// Empties the total, not the resamples.
  void restart() { std::fill(total_.begin(), total_.end(), Sums{}); }
  /// From now on there are so many resamples, empty at first.
  void resample(std::int64_t resamples);
  void add(std::int64_t lead, const Sums& sums);
  /// What was added since the call before is one block; `weights` has a weight for each resample.
  void end_block(std::span<const std::uint8_t> weights);

  const std::vector<Sums>& total() const { return total_; }
  Sums resampled(std::int64_t resample, std::size_t lead) const;

 private:
  std::size_t used_;
  std::vector<Sums> total_;
  std::vector<Sums> block_;        ///< of the block that is not ended; empty: no resamples
  std::vector<double> resampled_;  ///< [resamples][leads][used]
};

/// The weights of a bootstrap's resamples, block by block: how often a resample takes the block, Poisson with mean 1, as a
/// draw with replacement among many takes it.
class BlockWeights {
 public:
  static constexpr std::int64_t kResamples = 400;

  explicit BlockWeights(std::uint64_t seed = 1) : seed_(seed), weights_(static_cast<std::size_t>(kResamples)) {}

  /// Of the next block. The same seed and number of the block give the same weights.
  std::span<const std::uint8_t> next();
  std::int64_t blocks() const { return blocks_; }

 private:
  std::uint64_t seed_;
  std::int64_t blocks_ = 0;
  std::vector<std::uint8_t> weights_;
};

}  // namespace nextframe
