#pragma once

#include <cstdint>

#include "core/base/random.h"
#include "core/frames/data_set.h"
#include "core/frames/region.h"

namespace nextframe {

/// A sequence to train on: a window, and the piece of its frames.
struct SequenceDraw {
  std::int64_t window = 0;
  Region region;
  double weight = 1;  ///< of its loss
};

/// Draws training sequences by their rain (see SamplingOptions), as Ravuri et al. 2021 (DGMR) do: a window and a piece at
/// random, kept with a chance that grows with its share of rainy pixels, else drawn again. The draw at a place of the
/// endless order is a function of the seed and the place alone.
class RainSampler {
 public:
  /// `data` outlives the sampler. Rejects a threshold that the data cannot express.
  RainSampler(const DataSet& data, Split split, std::uint64_t seed);

  SequenceDraw at(std::int64_t place) const;

  /// Of a draw with this share of rainy pixels to be kept.
  double chance(double share) const;

 private:
  SequenceDraw draw(Random& random) const;
  double chance_of(const SequenceDraw& drawn) const;
  double mean_chance() const;

  const DataSet& data_;
  Split split_;
  std::uint64_t seed_;
  SamplingOptions options_;
  float threshold_ = 0;
  double mean_chance_ = 1;  ///< over all draws, kept or not; used where weights are asked for
};

}  // namespace nextframe
