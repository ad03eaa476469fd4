#pragma once

#include <cstdint>
#include <vector>

#include "core/motion/field.h"
#include "core/motion/fourier.h"

namespace nextframe {

/// Gaussian band-pass filters of a spectrum, as pysteps has them (`pysteps/cascade/bandpass_filters.py`): with q =
/// (L/2)^(1/n) for n levels and a longer side of L pixels, level k has its maximum in the middle of q^(k-1) and q^k
/// waves, and is a Gaussian of deviation 1/2 in log_q of the wave number. The filters of all levels sum up to 1; the
/// first one alone holds the mean.
class BandpassFilters {
 public:
  BandpassFilters(std::int64_t height, std::int64_t width, std::int64_t levels);

  std::int64_t levels() const { return static_cast<std::int64_t>(weights_.size()); }
  /// [H,W], in the order of a spectrum.
  const ScalarField& weights(std::int64_t level) const { return weights_[static_cast<std::size_t>(level)]; }

  /// The field's scales, largest first; their sum is the field. It has no missing pixel.
  std::vector<ScalarField> decompose(const ScalarField& field) const;

 private:
  std::vector<ScalarField> weights_;
};

}  // namespace nextframe
