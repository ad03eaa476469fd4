// With (i,j) = (p - v, q - u) the place that is read, i0 = floor(i), b = i - i0, j0 = floor(j), a = j - j0:
//   y = (1-b) ((1-a) x[i0,j0] + a x[i0,j0+1]) + b ((1-a) x[i0+1,j0] + a x[i0+1,j0+1]), pixels beyond the frame being 0
// Backward: dx gathers dy with the same weights, du = -sum dy dy/dj over the channels, dv = -sum dy dy/di.

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

using reference::dispatch;
using reference::store;

/// One of the four pixels around a place.
struct Corner {
  std::int64_t pixel;  ///< counted through all images
  double weight;
  double down, right;  ///< the weight's derivatives by the place
};

/// The corners that lie in the frame, of copy `link` at row p and column q of image n.
std::vector<Corner> corners(const Tensor& x, double u, double v, std::int64_t n, std::int64_t p, std::int64_t q) {
  const std::int64_t height = x.dimension(1), width = x.dimension(2);
  const double i = static_cast<double>(p) - v, j = static_cast<double>(q) - u;
  if (!std::isfinite(i) || !std::isfinite(j)) return {{n * height * width, NAN, NAN, NAN}};
  if (i <= -1.0 || i >= static_cast<double>(height) || j <= -1.0 || j >= static_cast<double>(width)) return {};
  std::vector<Corner> inside;
  for (const int below : {0, 1}) {
    for (const int beside : {0, 1}) {
      const double row = std::floor(i) + below, column = std::floor(j) + beside;
      if (row < 0 || row >= static_cast<double>(height) || column < 0 || column >= static_cast<double>(width)) continue;
      const double rows = 1.0 - std::abs(i - row), columns = 1.0 - std::abs(j - column);
      inside.push_back({(n * height + static_cast<std::int64_t>(row)) * width + static_cast<std::int64_t>(column),
                        rows * columns, below == 1 ? columns : -columns, beside == 1 ? rows : -rows});
    }
  }
  return inside;
}

/// Calls body(k, corners) for each copy of each pixel of `copies` [N,R,W,L C]: k counts pixels and copies.
template <class E, class Body>
void each_copy(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Body& body) {
  const std::int64_t rows = flows.dimension(1), width = flows.dimension(2), links = flows.dimension(3) / 2;
  const E* flow = flows.data<E>();
  for (std::int64_t k = 0; k < flows.elements() / 2; ++k) {
    const std::int64_t pixel = k / links, q = pixel % width, p = pixel / width % rows, n = pixel / width / rows;
    body(k, corners(x, static_cast<double>(flow[2 * k]), static_cast<double>(flow[2 * k + 1]), n, first_row + p, q));
  }
}

}  // namespace

void ReferenceBackend::do_warp(const Tensor& x, const Tensor& flows, std::int64_t first_row, const Tensor& y) {
  const std::int64_t channels = x.dimension(3);
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    each_copy<Exact<T>>(x, flows, first_row, [&](std::int64_t k, const std::vector<Corner>& around) {
      for (std::int64_t c = 0; c < channels; ++c) {
        double sum = 0.0;
        for (const Corner& corner : around) {
          sum += corner.weight * static_cast<double>(x.data<T>()[corner.pixel * channels + c]);
        }
        y.data<T>()[k * channels + c] = static_cast<T>(sum);
      }
    });
  });
}

void ReferenceBackend::do_warp_backward(const Tensor& x, const Tensor& flows, const Tensor& dy, const Tensor& dflows,
                                        const Tensor& dx, Write write) {
  const std::int64_t channels = x.dimension(3);
  std::vector<double> sums(static_cast<std::size_t>(x.elements()), 0.0);
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    each_copy<Exact<T>>(x, flows, 0, [&](std::int64_t k, const std::vector<Corner>& around) {
      double du = 0.0, dv = 0.0;
      for (const Corner& corner : around) {
        for (std::int64_t c = 0; c < channels; ++c) {
          const auto gradient = static_cast<double>(dy.data<T>()[k * channels + c]);
          const auto value = static_cast<double>(x.data<T>()[corner.pixel * channels + c]);
          sums[static_cast<std::size_t>(corner.pixel * channels + c)] += corner.weight * gradient;
          du -= corner.right * value * gradient;
          dv -= corner.down * value * gradient;
        }
      }
      dflows.data<T>()[2 * k] = static_cast<T>(du);
      dflows.data<T>()[2 * k + 1] = static_cast<T>(dv);
    });
    for (std::size_t k = 0; k < sums.size(); ++k) store(dx.data<T>()[k], sums[k], write);
  });
}

}  // namespace nextframe
