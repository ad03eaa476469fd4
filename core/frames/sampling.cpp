#include "core/frames/sampling.h"

#include <algorithm>

namespace nextframe {
namespace {

// Streams of the run's random numbers, apart from those of order and augmentation.
constexpr std::uint64_t kDrawStream = 0x7261696e00000000;
constexpr std::uint64_t kMeanStream = 0x6d65616e00000000;

/// Draws at one place before the last one is kept whatever it holds: there may be no rain at all.
constexpr int kMostDraws = 1000;

/// Draws that tell the mean chance to within a few percent. Generated sequences have to be made for it.
constexpr std::uint64_t kMeanDraws = 256;
constexpr std::uint64_t kMeanDrawsGenerated = 32;

}  // namespace

RainSampler::RainSampler(const DataSet& data, Split split, std::uint64_t seed)
    : data_(data),
      split_(split),
      seed_(seed),
      options_(data.options().sampling),
      threshold_(static_cast<float>(data.sampling_threshold())) {
  if (options_.unbiased) mean_chance_ = mean_chance();
}

double RainSampler::chance(double share) const {
  return options_.keep_dry + (1 - options_.keep_dry) * std::min(1.0, share / options_.full_share);
}

SequenceDraw RainSampler::draw(Random& random) const {
  // An endless generator has more sequences than any training asks for.
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  const auto below = [&](std::int64_t count) {
    return static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(count)));
  };
  const std::int64_t height = data_.crop_height(), width = data_.crop_width();
  SequenceDraw drawn;
  drawn.window = below(std::min(kMost, data_.window_count(split_)));
  const std::int64_t top = below(data_.height() - height + 1);
  drawn.region = {top, below(data_.width() - width + 1), height, width};
  return drawn;
}

double RainSampler::chance_of(const SequenceDraw& drawn) const {
  return chance(data_.share_at_least(threshold_, split_, drawn.window, drawn.region));
}

double RainSampler::mean_chance() const {
  const std::uint64_t draws = data_.generated() ? kMeanDrawsGenerated : kMeanDraws;
  double sum = 0;
  for (std::uint64_t i = 0; i < draws; ++i) {
    Random random(seed_, kMeanStream + i);
    sum += chance_of(draw(random));
  }
  return sum / static_cast<double>(draws);
}

SequenceDraw RainSampler::at(std::int64_t place) const {
  Random random(seed_, kDrawStream + static_cast<std::uint64_t>(place));
  for (int i = 1;; ++i) {
    SequenceDraw drawn = draw(random);
    const double chance = chance_of(drawn);
    if (random.uniform() >= chance && i < kMostDraws) continue;
    if (options_.unbiased) drawn.weight = mean_chance_ / chance;
    return drawn;
  }
}

}  // namespace nextframe
