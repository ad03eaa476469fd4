#pragma once

#include <array>
#include <cstdint>

namespace nextframe {

/// xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64. `Random(seed, stream)` gives independent generators
/// for the same seed.
class Random {
 public:
  explicit Random(std::uint64_t seed, std::uint64_t stream = 0);

  std::uint64_t next();
  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in 0 .. count-1, without modulo bias. `count` must be positive.
  std::uint64_t below(std::uint64_t count);
  /// Standard normal (Box-Muller, one value a call: nothing is kept for the next).
  double normal();

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace nextframe
