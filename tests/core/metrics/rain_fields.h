#pragma once

#include <cstdint>
#include <vector>

#include "tests/core/metrics/numbers.h"

namespace nextframe::test {

/// mm/h, dry in a third of the pixels and above 30 in few, as tests/golden/rain_scores_golden.py draws them.
inline std::vector<float> rain(std::uint32_t seed, std::int64_t count) {
  std::vector<float> values = numbers(seed, count);
  for (float& u : values) u = 3 * static_cast<double>(u) < 1 ? 0 : 48 * u * u * u;
  return values;
}

}  // namespace nextframe::test
