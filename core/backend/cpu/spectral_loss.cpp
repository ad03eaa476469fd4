// (1/v) sum over frequencies of (|P| - |T|)^2 with unitary two-dimensional Fourier transforms P and T, v the number of
// valid pixels, and dp = (2/v) Re(inverse transform of (|P| - |T|) P / |P|). One transform of p + i t gives both P and T.

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <utility>
#include <vector>

#include "core/backend/cpu/plane_loss.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/spectral_loss.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

#ifndef NEXTFRAME_CORE_BACKEND_CPU_SPECTRAL_LOSS_FIELD
#define NEXTFRAME_CORE_BACKEND_CPU_SPECTRAL_LOSS_FIELD
namespace nextframe::cpu {

/// Complex numbers [rows,columns], real and imaginary parts apart.
struct ComplexField {
  std::int64_t rows = 0, columns = 0;
  std::vector<float> real, imaginary;

  ComplexField(std::int64_t height, std::int64_t width)
      : rows(height), columns(width), real(static_cast<std::size_t>(height * width)), imaginary(real) {}
};

}  // namespace nextframe::cpu
#endif

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

/// y[k] = sum over a < radix of w[a] x[k + a step], complex.
void weighted_sum(const std::vector<std::complex<float>>& w, const float* real, const float* imaginary,
                  std::int64_t step, std::int64_t count, float* y_real, float* y_imaginary) {
  each_lane(count, [&](auto d, std::int64_t k) HWY_ATTR {
    auto sum_real = hn::Zero(d), sum_imaginary = hn::Zero(d);
    for (std::size_t a = 0; a < w.size(); ++a) {
      const std::int64_t at = k + static_cast<std::int64_t>(a) * step;
      const auto x = hn::LoadU(d, real + at), y = hn::LoadU(d, imaginary + at);
      const auto c = hn::Set(d, w[a].real()), s = hn::Set(d, w[a].imag());
      sum_real = hn::NegMulAdd(s, y, hn::MulAdd(c, x, sum_real));
      sum_imaginary = hn::MulAdd(s, x, hn::MulAdd(c, y, sum_imaginary));
    }
    hn::StoreU(sum_real, d, y_real + k);
    hn::StoreU(sum_imaginary, d, y_imaginary + k);
  });
}

/// Factors of `n`, fours before twos.
std::vector<std::int64_t> factors_of(std::int64_t n) {
  std::vector<std::int64_t> factors;
  for (const std::int64_t four : {4, 2}) {
    for (; n % four == 0; n /= four) factors.push_back(four);
  }
  for (std::int64_t factor = 3; n > 1; factor += 2) {
    if (factor * factor > n) factor = n;
    for (; n % factor == 0; n /= factor) factors.push_back(factor);
  }
  return factors;
}

/// Transforms each column of `field` (Stockham's self-sorting scheme): after factors of product L, place k (n / L) + s
/// holds frequency k of the sequence that takes every (n / L)-th row from s on.
void transform_columns(ComplexField& field) {
  const std::int64_t n = field.rows, width = field.columns;
  std::vector<std::complex<float>> turns;
  for (std::int64_t e = 0; e < n; ++e) {
    turns.emplace_back(std::polar(1.0, -2.0 * std::numbers::pi * static_cast<double>(e) / static_cast<double>(n)));
  }
  ComplexField other(n, width);
  std::int64_t done = 1;
  for (const std::int64_t radix : factors_of(n)) {
    const std::int64_t rest = n / (done * radix);
    std::vector<std::complex<float>> weights(static_cast<std::size_t>(radix));
    for (std::int64_t frequency = 0; frequency < done * radix; ++frequency) {
      for (std::int64_t a = 0; a < radix; ++a) {
        weights[static_cast<std::size_t>(a)] = turns[static_cast<std::size_t>(a * frequency * rest % n)];
      }
      const std::int64_t from = frequency % done * radix * rest * width, to = frequency * rest * width;
      weighted_sum(weights, field.real.data() + from, field.imaginary.data() + from, rest * width, rest * width,
                   other.real.data() + to, other.imaginary.data() + to);
    }
    std::swap(field, other);
    done *= radix;
  }
}

ComplexField transposed(const ComplexField& field) {
  ComplexField result(field.columns, field.rows);
  for (std::int64_t y = 0; y < field.rows; ++y) {
    for (std::int64_t x = 0; x < field.columns; ++x) {
      const auto from = static_cast<std::size_t>(y * field.columns + x),
                 to = static_cast<std::size_t>(x * field.rows + y);
      result.real[to] = field.real[from];
      result.imaginary[to] = field.imaginary[from];
    }
  }
  return result;
}

/// Not scaled; the result is transposed.
ComplexField transformed(ComplexField field) {
  transform_columns(field);
  ComplexField result = transposed(field);
  transform_columns(result);
  return result;
}

double spectral_of(const LossPlane& plane) {
  ComplexField both(plane.height, plane.width);
  std::copy_n(plane.prediction, plane.area(), both.real.data());
  std::copy_n(plane.target, plane.area(), both.imaginary.data());
  const ComplexField spectrum = transformed(std::move(both));
  double valid = 0.0;
  for (std::int64_t i = 0; i < plane.area(); ++i) valid += plane.valid[i];
  const double unitary = 1.0 / std::sqrt(static_cast<double>(plane.area()));
  ComplexField steps(spectrum.rows, spectrum.columns);
  double loss = 0.0;
  for (std::int64_t y = 0; y < spectrum.rows; ++y) {
    const std::int64_t mirrored = y == 0 ? 0 : spectrum.rows - y;
    for (std::int64_t x = 0; x < spectrum.columns; ++x) {
      const auto k = static_cast<std::size_t>(y * spectrum.columns + x);
      const auto m = static_cast<std::size_t>(mirrored * spectrum.columns + (x == 0 ? 0 : spectrum.columns - x));
      // P is half the sum of Z[k] and the conjugate of Z[-k], i T half their difference.
      const std::complex<double> z(static_cast<double>(spectrum.real[k]), static_cast<double>(spectrum.imaginary[k]));
      const std::complex<double> opposite(static_cast<double>(spectrum.real[m]),
                                          -static_cast<double>(spectrum.imaginary[m]));
      const std::complex<double> p = 0.5 * unitary * (z + opposite);
      const double amplitude = std::sqrt(std::norm(p));
      const double difference = amplitude - 0.5 * unitary * std::sqrt(std::norm(z - opposite));
      loss += difference * difference;
      if (amplitude == 0.0) continue;
      // Conjugate, so that the same transform leads back.
      steps.real[k] = static_cast<float>(difference / amplitude * p.real());
      steps.imaginary[k] = static_cast<float>(-difference / amplitude * p.imag());
    }
  }
  if (plane.derivative != nullptr) {
    const ComplexField back = transformed(std::move(steps));
    const auto scale = static_cast<float>(2.0 * unitary / valid);
    each_lane(plane.area(), [&](auto d, std::int64_t k) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(d, back.real.data() + k), hn::Set(d, scale)), d, plane.derivative + k);
    });
  }
  return loss / valid;
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(spectral_of);

double spectral_loss(const LossPlane& plane) { return HWY_DYNAMIC_DISPATCH(spectral_of)(plane); }

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
