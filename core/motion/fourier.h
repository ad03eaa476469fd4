#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/motion/field.h"

namespace nextframe {

/// The discrete Fourier transform of a real field, not scaled: [H,W], frequency 0 first, negative ones behind the
/// positive.
struct Spectrum {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::complex<float>> values;

  std::complex<float>& at(std::int64_t y, std::int64_t x) { return values[static_cast<std::size_t>(y * width + x)]; }
  std::complex<float> at(std::int64_t y, std::int64_t x) const {
    return values[static_cast<std::size_t>(y * width + x)];
  }
};

/// `field` has no missing pixel.
Spectrum fourier_transform(const ScalarField& field);
/// The real field of a spectrum that belongs to one.
ScalarField inverse_fourier_transform(const Spectrum& spectrum);

/// Waves that the longer side of the field holds at place (y, x) of its spectrum: 0 for the mean, the same length of
/// wave in every direction.
double wave_number(std::int64_t height, std::int64_t width, std::int64_t y, std::int64_t x);

/// Radially averaged power spectral density: the mean of |transform|^2 / (H W) over the ring of each whole wave number
/// (rounded) from 0 to half the longer side.
std::vector<double> radial_power(const ScalarField& field);

}  // namespace nextframe
