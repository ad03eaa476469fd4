#pragma once

#include <cstdint>
#include <vector>

#include "core/metrics/metric.h"
#include "core/motion/field.h"

namespace nextframe {

/// Mean radially averaged power spectral density (see radial_power) of forecast and truth at one lead time, from whole
/// wave number 0, the mean, on.
struct MeanSpectra {
  std::vector<double> forecast;
  std::vector<double> truth;
  std::int64_t frames = 0;    ///< that count; without any the spectra are empty
  std::int64_t left_out = 0;  ///< without a valid pixel
};

/// Collects power spectra over frames of one size, apart for each lead time: where a forecast's power falls below the
/// truth's, it is blurred at that scale. Rain is taken in decibels, 10 log10 R, of which everything below 0.1 mm/h
/// counts as -15. Masked pixels are dry, or black, in both; channels are averaged.
class PowerSpectra {
 public:
  PowerSpectra(std::int64_t horizon, FieldKind kind) : kind_(kind), rows_(static_cast<std::size_t>(horizon)) {}

  void add(std::int64_t lead, const FramePair& pair);
  std::vector<MeanSpectra> per_lead() const;
  /// Pixels that a wave is long at wave numbers 1, 2, ...: [rings - 1]. Empty before the first frame.
  const std::vector<double>& wavelengths() const { return wavelengths_; }

 private:
  FieldKind kind_;
  std::vector<MeanSpectra> rows_;  ///< sums
  std::vector<double> wavelengths_;
};

}  // namespace nextframe
