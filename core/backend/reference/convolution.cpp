// Square kernels k x k on a large side l [N,H,W,C] and a small side s [N,P,Q,O], weights w [O,C,k,k]. Row h of l and
// row p of s meet through kernel row i where h = p*stride + i*dilation - pad, columns likewise. With the sums over all
// that meet, w first rounded to the type of the side that is read:
//   convolution                  s[n,p,q,o] = activation(bias[o] + sum l w)
//   convolution_transposed       l[n,h,w,c] = activation(bias[c] + sum s w)
//   convolution_weight_gradient  w[o,c,i,j] = sum l s

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/backend/reference/activation.h"
#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

using reference::data_or_null;
using reference::dispatch;
using reference::store;

/// Offsets into the three tensors.
struct Geometry {
  Geometry(const ConvolutionSpec& spec, const Shape& large, const Shape& weights, const Shape& small)
      : stride(spec.stride),
        above(spec.above()),
        pad(spec.pad),
        dilation(spec.dilation),
        kernel(weights[2]),
        batch(large[0]),
        large_height(large[1]),
        large_width(large[2]),
        large_channels(large[3]),
        small_height(small[1]),
        small_width(small[2]),
        small_channels(small[3]) {}

  /// The row of the large side that kernel row `i` at row `p` of the small side reads; may lie outside.
  std::int64_t large_row(std::int64_t p, std::int64_t i) const { return p * stride + i * dilation - above; }
  std::int64_t large_column(std::int64_t q, std::int64_t j) const { return q * stride + j * dilation - pad; }
  /// The row of the small side that meets row `h` of the large side through kernel row `i`; -1 where none does.
  std::int64_t small_row(std::int64_t h, std::int64_t i) const {
    return small_index(h + above - i * dilation, small_height);
  }
  std::int64_t small_column(std::int64_t w, std::int64_t j) const {
    return small_index(w + pad - j * dilation, small_width);
  }
  std::int64_t small_index(std::int64_t distance, std::int64_t length) const {
    return distance >= 0 && distance % stride == 0 && distance / stride < length ? distance / stride : -1;
  }
  std::int64_t large_offset(std::int64_t n, std::int64_t h, std::int64_t w) const {
    return ((n * large_height + h) * large_width + w) * large_channels;
  }
  std::int64_t small_offset(std::int64_t n, std::int64_t p, std::int64_t q) const {
    return ((n * small_height + p) * small_width + q) * small_channels;
  }
  std::int64_t weight_offset(std::int64_t o, std::int64_t c, std::int64_t i, std::int64_t j) const {
    return ((o * large_channels + c) * kernel + i) * kernel + j;
  }

  std::int64_t stride, above, pad, dilation, kernel, batch;
  std::int64_t large_height, large_width, large_channels;
  std::int64_t small_height, small_width, small_channels;
};

/// Weights as they are multiplied beside activations of type T.
template <class T>
std::vector<T> rounded(const Tensor& weights) {
  const Exact<T>* from = weights.data<Exact<T>>();
  std::vector<T> to(static_cast<std::size_t>(weights.elements()));
  std::transform(from, from + weights.elements(), to.begin(), [](Exact<T> value) { return static_cast<T>(value); });
  return to;
}

template <class T>
double small_sum(const Geometry& g, const T* large, const T* weights, std::int64_t n, std::int64_t p, std::int64_t q,
                 std::int64_t o) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < g.kernel; ++i) {
    const std::int64_t h = g.large_row(p, i);
    if (h < 0 || h >= g.large_height) continue;
    for (std::int64_t j = 0; j < g.kernel; ++j) {
      const std::int64_t w = g.large_column(q, j);
      if (w < 0 || w >= g.large_width) continue;
      const T* pixel = large + g.large_offset(n, h, w);
      for (std::int64_t c = 0; c < g.large_channels; ++c) {
        sum += static_cast<double>(pixel[c]) * weights[g.weight_offset(o, c, i, j)];
      }
    }
  }
  return sum;
}

template <class T>
double large_sum(const Geometry& g, const T* small, const T* weights, std::int64_t n, std::int64_t h, std::int64_t w,
                 std::int64_t c) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < g.kernel; ++i) {
    const std::int64_t p = g.small_row(h, i);
    if (p < 0) continue;
    for (std::int64_t j = 0; j < g.kernel; ++j) {
      const std::int64_t q = g.small_column(w, j);
      if (q < 0) continue;
      const T* pixel = small + g.small_offset(n, p, q);
      for (std::int64_t o = 0; o < g.small_channels; ++o) {
        sum += static_cast<double>(pixel[o]) * weights[g.weight_offset(o, c, i, j)];
      }
    }
  }
  return sum;
}

template <class T>
double weight_sum(const Geometry& g, const T* large, const T* small, std::int64_t o, std::int64_t c, std::int64_t i,
                  std::int64_t j) {
  double sum = 0.0;
  for (std::int64_t n = 0; n < g.batch; ++n) {
    for (std::int64_t p = 0; p < g.small_height; ++p) {
      const std::int64_t h = g.large_row(p, i);
      if (h < 0 || h >= g.large_height) continue;
      for (std::int64_t q = 0; q < g.small_width; ++q) {
        const std::int64_t w = g.large_column(q, j);
        if (w < 0 || w >= g.large_width) continue;
        sum += static_cast<double>(large[g.large_offset(n, h, w) + c]) * small[g.small_offset(n, p, q) + o];
      }
    }
  }
  return sum;
}

}  // namespace

void ReferenceBackend::do_convolution(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                      const Tensor& bias, const Tensor& y, Write write) {
  const Geometry g(spec, x.shape(), w.tensor.shape(), y.shape());
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* large = x.data<T>();
    const std::vector<T> weights = rounded<T>(w.tensor);
    const Exact<T>* b = data_or_null<Exact<T>>(bias);
    dispatch(y.dtype(), [&](auto result_type) {
      auto* small = y.data<decltype(result_type)>();
      for (std::int64_t n = 0; n < g.batch; ++n) {
        for (std::int64_t p = 0; p < g.small_height; ++p) {
          for (std::int64_t q = 0; q < g.small_width; ++q) {
            for (std::int64_t o = 0; o < g.small_channels; ++o, ++small) {
              const double sum = small_sum(g, large, weights.data(), n, p, q, o) + (b ? b[o] : Exact<T>{});
              store(*small, reference::activated(spec.activation, sum), write);
            }
          }
        }
      }
    });
  });
}

void ReferenceBackend::do_convolution_transposed(const ConvolutionSpec& spec, const Tensor& x, const WeightView& w,
                                                 const Tensor& bias, const Tensor& y, Write write) {
  const Geometry g(spec, y.shape(), w.tensor.shape(), x.shape());
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* small = x.data<T>();
    const std::vector<T> weights = rounded<T>(w.tensor);
    const Exact<T>* b = data_or_null<Exact<T>>(bias);
    dispatch(y.dtype(), [&](auto result_type) {
      auto* large = y.data<decltype(result_type)>();
      for (std::int64_t n = 0; n < g.batch; ++n) {
        for (std::int64_t row = 0; row < g.large_height; ++row) {
          for (std::int64_t column = 0; column < g.large_width; ++column) {
            for (std::int64_t c = 0; c < g.large_channels; ++c, ++large) {
              const double sum = large_sum(g, small, weights.data(), n, row, column, c) + (b ? b[c] : Exact<T>{});
              store(*large, reference::activated(spec.activation, sum), write);
            }
          }
        }
      }
    });
  });
}

void ReferenceBackend::do_convolution_weight_gradient(const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy,
                                                      const Tensor& dw, Write write) {
  const Geometry g(spec, x.shape(), dw.shape(), dy.shape());
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* large = x.data<T>();
    const T* small = dy.data<T>();
    Exact<T>* weights = dw.data<Exact<T>>();
    for (std::int64_t o = 0; o < g.small_channels; ++o) {
      for (std::int64_t c = 0; c < g.large_channels; ++c) {
        for (std::int64_t i = 0; i < g.kernel; ++i) {
          for (std::int64_t j = 0; j < g.kernel; ++j, ++weights) {
            store(*weights, weight_sum(g, large, small, o, c, i, j), write);
          }
        }
      }
    }
  });
}

}  // namespace nextframe
