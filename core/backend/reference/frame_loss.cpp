// For each channel plane [H,W] of a frame, with m the sum of the frame's mask and v = weight scale lead_weights[t] m:
//   sum += v l(p, t)     dprediction = v dl/dp (+ dprediction)
// A frame with v = 0 is not looked at, and missing pixels are 0 from the start: they may be NaN.

#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <vector>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

using Complex = std::complex<double>;

/// One channel of one frame.
struct Plane {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> prediction, target;
  std::vector<bool> valid;

  std::size_t at(std::int64_t y, std::int64_t x) const { return static_cast<std::size_t>(y * width + x); }
};

struct PlaneLoss {
  double loss = 0.0;
  std::vector<double> derivative;  ///< [H,W]
};

/// The transform of `count` numbers `stride` apart, in place: X[k] = sum over j of x[j] exp(-2 pi i j k / count).
void transform(Complex* x, std::int64_t count, std::int64_t stride) {
  std::vector<Complex> result(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t j = 0; j < count; ++j) {
      const double turn = static_cast<double>(j * k % count) / static_cast<double>(count);
      result[static_cast<std::size_t>(k)] += x[j * stride] * std::polar(1.0, -2.0 * std::numbers::pi * turn);
    }
  }
  for (std::int64_t k = 0; k < count; ++k) x[k * stride] = result[static_cast<std::size_t>(k)];
}

/// Unitary, in two dimensions.
std::vector<Complex> transformed(std::vector<Complex> values, std::int64_t height, std::int64_t width) {
  for (std::int64_t y = 0; y < height; ++y) transform(values.data() + y * width, width, 1);
  for (std::int64_t x = 0; x < width; ++x) transform(values.data() + x, height, width);
  const double scale = 1.0 / std::sqrt(static_cast<double>(height * width));
  for (Complex& value : values) value *= scale;
  return values;
}

PlaneLoss spectral(const Plane& plane) {
  const std::vector<Complex> p =
      transformed({plane.prediction.begin(), plane.prediction.end()}, plane.height, plane.width);
  const std::vector<Complex> t = transformed({plane.target.begin(), plane.target.end()}, plane.height, plane.width);
  double valid = 0.0;
  for (const bool each : plane.valid) valid += each ? 1.0 : 0.0;
  PlaneLoss result;
  std::vector<Complex> steps(p.size());
  for (std::size_t k = 0; k < p.size(); ++k) {
    const double amplitude = std::abs(p[k]);
    const double difference = amplitude - std::abs(t[k]);
    result.loss += difference * difference / valid;
    // Conjugate, so that the same transform leads back.
    if (amplitude != 0.0) steps[k] = std::conj(2.0 * difference / valid * p[k] / amplitude);
  }
  for (const Complex& step : transformed(std::move(steps), plane.height, plane.width)) {
    result.derivative.push_back(step.real());
  }
  return result;
}

/// Adds the loss and derivative of the window whose first pixel is (top, left), 1 / `windows` of the mean. The similarity
/// S = A1 A2 / (B1 B2) depends on p through its mean m, mean square q and mean product c with the target.
void add_window(const Plane& plane, double range, std::int64_t top, std::int64_t left, double windows,
                PlaneLoss& result) {
  const std::array<double, kStructureWindow> weights = structure_window();
  double m = 0.0, n = 0.0, q = 0.0, r = 0.0, c = 0.0;
  const auto each_pixel = [&](const auto& body) {
    for (std::int64_t i = 0; i < kStructureWindow; ++i) {
      for (std::int64_t j = 0; j < kStructureWindow; ++j) {
        body(plane.at(top + i, left + j), weights[static_cast<std::size_t>(i)] * weights[static_cast<std::size_t>(j)]);
      }
    }
  };
  each_pixel([&](std::size_t at, double weight) {
    const double p = plane.prediction[at], t = plane.target[at];
    m += weight * p;
    n += weight * t;
    q += weight * p * p;
    r += weight * t * t;
    c += weight * p * t;
  });
  const double c1 = 1e-4 * range * range, c2 = 9e-4 * range * range;
  const double a1 = 2.0 * m * n + c1, a2 = 2.0 * (c - m * n) + c2;
  const double b1 = m * m + n * n + c1, b2 = q - m * m + r - n * n + c2;
  const double similarity = a1 * a2 / (b1 * b2);
  const double dm = 2.0 * n * (a2 - a1) / (b1 * b2) + 2.0 * m * similarity * (1.0 / b2 - 1.0 / b1);
  const double dq = -similarity / b2;
  const double dc = 2.0 * a1 / (b1 * b2);
  result.loss += (1.0 - similarity) / windows;
  each_pixel([&](std::size_t at, double weight) {
    result.derivative[at] -= weight * (dm + 2.0 * plane.prediction[at] * dq + plane.target[at] * dc) / windows;
  });
}

bool counts(const Plane& plane, std::int64_t top, std::int64_t left) {
  for (std::int64_t i = 0; i < kStructureWindow; ++i) {
    for (std::int64_t j = 0; j < kStructureWindow; ++j) {
      if (!plane.valid[plane.at(top + i, left + j)]) return false;
    }
  }
  return true;
}

PlaneLoss structure(const Plane& plane, double range) {
  PlaneLoss result{.loss = 0.0, .derivative = std::vector<double>(plane.prediction.size())};
  const std::int64_t rows = plane.height - kStructureWindow + 1, columns = plane.width - kStructureWindow + 1;
  std::vector<std::int64_t> windows;
  for (std::int64_t k = 0; k < rows * columns; ++k) {
    if (counts(plane, k / columns, k % columns)) windows.push_back(k);
  }
  for (const std::int64_t k : windows) {
    add_window(plane, range, k / columns, k % columns, static_cast<double>(windows.size()), result);
  }
  return result;
}

}  // namespace

void ReferenceBackend::do_frame_loss(const FrameLossSpec& spec, const Tensor& prediction, const Tensor& target,
                                     const Tensor& mask, const Tensor& lead_weights, const Tensor& sum,
                                     const Tensor& dprediction, Write write) {
  const std::int64_t channels = prediction.dimension(-1);
  const std::int64_t height = prediction.dimension(2), width = prediction.dimension(3), area = height * width;
  reference::dispatch(prediction.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* all_valid = reference::data_or_null<T>(mask);
    const T* leads = reference::data_or_null<T>(lead_weights);
    T* gradient = reference::data_or_null<T>(dprediction);
    double total = 0.0;
    for (std::int64_t plane_number = 0; plane_number < prediction.elements() / std::max<std::int64_t>(area, 1);
         ++plane_number) {
      const std::int64_t frame = plane_number / channels, channel = plane_number % channels;
      const T* valid = all_valid ? all_valid + frame * area : nullptr;
      const std::int64_t first = frame * area * channels + channel;
      double v = spec.weight * spec.scale;
      if (leads) v *= leads[frame / prediction.dimension(1)];
      double m = 0.0;
      Plane plane{.height = height, .width = width, .prediction = {}, .target = {}, .valid = {}};
      for (std::int64_t i = 0; i < area; ++i) {
        const double here = valid ? static_cast<double>(valid[i]) : 1.0;
        m += here;
        plane.valid.push_back(here != 0.0);
        plane.prediction.push_back(here != 0.0 ? prediction.data<T>()[first + i * channels] : 0.0);
        plane.target.push_back(here != 0.0 ? target.data<T>()[first + i * channels] : 0.0);
      }
      v *= m;
      PlaneLoss result{.loss = 0.0, .derivative = std::vector<double>(static_cast<std::size_t>(area))};
      if (v != 0.0) result = spec.kind == FrameLoss::kSpectral ? spectral(plane) : structure(plane, spec.range);
      total += v * result.loss;
      for (std::int64_t i = 0; gradient && i < area; ++i) {
        const double derivative =
            plane.valid[static_cast<std::size_t>(i)] ? result.derivative[static_cast<std::size_t>(i)] : 0.0;
        reference::store(gradient[first + i * channels], v * derivative, write);
      }
    }
    sum.data<double>()[0] += total;
  });
}

}  // namespace nextframe
