#include "core/metrics/sums.h"

#include <algorithm>

#include "core/base/random.h"

namespace nextframe {
namespace {

/// Of a Poisson distribution with mean 1, by how often values up to 0, 1, 2, ... come.
std::uint8_t poisson(double uniform) {
  double share = 0.36787944117144233;  // e^-1
  double below = share;
  std::uint8_t count = 0;
  while (uniform >= below && count < 30) {
    ++count;
    share /= count;
    below += share;
  }
  return count;
}

}  // namespace

Sums& Sums::operator+=(const Sums& other) {
  for (std::size_t i = 0; i < kMost; ++i) values[i] += other.values[i];
  frames += other.frames;
  left_out += other.left_out;
  return *this;
}

void LeadTimeSums::resample(std::int64_t resamples) {
  block_.assign(total_.size(), {});
  resampled_.assign(static_cast<std::size_t>(resamples) * total_.size() * used_, 0);
}

void LeadTimeSums::add(std::int64_t lead, const Sums& sums) {
  total_.at(static_cast<std::size_t>(lead)) += sums;
  if (!block_.empty()) block_[static_cast<std::size_t>(lead)] += sums;
}

void LeadTimeSums::end_block(std::span<const std::uint8_t> weights) {
  if (block_.empty()) return;
  double* sums = resampled_.data();
  for (const std::uint8_t weight : weights) {
    for (const Sums& row : block_) {
      // 0 times what is not a number would be none either.
      for (std::size_t i = 0; i < used_ && weight > 0; ++i) sums[i] += weight * row.values[i];
      sums += used_;
    }
  }
  std::fill(block_.begin(), block_.end(), Sums{});
}

Sums LeadTimeSums::resampled(std::int64_t resample, std::size_t lead) const {
  Sums sums;
  const auto first = resampled_.begin() +
                     static_cast<std::ptrdiff_t>((static_cast<std::size_t>(resample) * total_.size() + lead) * used_);
  std::copy(first, first + static_cast<std::ptrdiff_t>(used_), sums.values.begin());
  return sums;
}

std::span<const std::uint8_t> BlockWeights::next() {
  Random random(seed_, static_cast<std::uint64_t>(blocks_));
  for (std::uint8_t& weight : weights_) weight = poisson(random.uniform());
  ++blocks_;
  return weights_;
}

}  // namespace nextframe
