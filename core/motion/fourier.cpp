#include "core/motion/fourier.h"

#include <algorithm>
#include <cmath>

#include <opencv2/core.hpp>

namespace nextframe {
namespace {

double signed_frequency(std::int64_t place, std::int64_t length) {
  return static_cast<double>(place <= length / 2 ? place : place - length);
}

cv::Mat view_of(Spectrum& spectrum) {
  return cv::Mat(static_cast<int>(spectrum.height), static_cast<int>(spectrum.width), CV_32FC2, spectrum.values.data());
}

cv::Mat view_of(ScalarField& field) {
  return cv::Mat(static_cast<int>(field.height), static_cast<int>(field.width), CV_32F, field.values.data());
}

}  // namespace

Spectrum fourier_transform(const ScalarField& field) {
  ScalarField source = field;
  Spectrum spectrum{field.height, field.width, std::vector<std::complex<float>>(field.values.size())};
  cv::Mat target = view_of(spectrum);
  cv::dft(view_of(source), target, cv::DFT_COMPLEX_OUTPUT);
  return spectrum;
}

ScalarField inverse_fourier_transform(const Spectrum& spectrum) {
  Spectrum source = spectrum;
  ScalarField field(spectrum.height, spectrum.width);
  cv::Mat target = view_of(field);
  cv::dft(view_of(source), target, cv::DFT_INVERSE | cv::DFT_SCALE | cv::DFT_REAL_OUTPUT);
  return field;
}

double wave_number(std::int64_t height, std::int64_t width, std::int64_t y, std::int64_t x) {
  const auto longer = static_cast<double>(std::max(height, width));
  return longer * std::hypot(signed_frequency(y, height) / static_cast<double>(height),
                             signed_frequency(x, width) / static_cast<double>(width));
}

std::vector<double> radial_power(const ScalarField& field) {
  const Spectrum spectrum = fourier_transform(field);
  const auto rings = static_cast<std::size_t>(std::max(field.height, field.width) / 2 + 1);
  std::vector<double> power(rings), count(rings);
  for (std::int64_t y = 0; y < field.height; ++y) {
    for (std::int64_t x = 0; x < field.width; ++x) {
      const auto ring = static_cast<std::size_t>(std::lround(wave_number(field.height, field.width, y, x)));
      if (ring >= rings) continue;
      power[ring] += static_cast<double>(std::norm(spectrum.at(y, x)));
      count[ring] += 1;
    }
  }
  for (std::size_t ring = 0; ring < rings; ++ring) {
    power[ring] /= std::max(count[ring], 1.0) * static_cast<double>(field.height * field.width);
  }
  return power;
}

}  // namespace nextframe
