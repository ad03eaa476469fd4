#include "core/base/random.h"

#include <bit>
#include <cmath>
#include <numbers>

namespace nextframe {

namespace {

std::uint64_t splitmix64(std::uint64_t& counter) {
  counter += 0x9E3779B97F4A7C15u;
  std::uint64_t mixed = counter;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return mixed ^ (mixed >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream) {
  std::uint64_t stream_counter = stream;
  std::uint64_t counter = seed ^ splitmix64(stream_counter);
  for (std::uint64_t& word : state_) word = splitmix64(counter);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

std::uint64_t Random::below(std::uint64_t count) {
  const std::uint64_t threshold = (0 - count) % count;
  std::uint64_t value = next();
  while (value < threshold) value = next();
  return value % count;
}

double Random::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

}  // namespace nextframe
