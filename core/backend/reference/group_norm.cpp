// x, y [N,H,W,C]; a group is C/groups neighbouring channels of one sample, M = H W C/groups values. With the group's
// mean m and s = 1 / sqrt(variance + epsilon), the variance over M:
//   x^ = (x - m) s     y = gamma[c] x^ + beta[c]
// Backward, with e = gamma[c] dy and the means over the group:
//   dx = s (e - mean(e) - x^ mean(e x^))     dgamma[c] += sum dy x^     dbeta[c] += sum dy

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

using reference::dispatch;

struct Groups {
  Groups(const Tensor& x, const GroupNormSpec& spec)
      : samples(x.dimension(0)),
        pixels(x.dimension(1) * x.dimension(2)),
        channels(x.dimension(3)),
        groups(spec.groups),
        width(channels / groups) {}

  double members() const { return static_cast<double>(pixels * width); }

  /// Calls `body(index in x, channel)` for every member of group `g` of sample `n`.
  template <class Body>
  void for_each(std::int64_t n, std::int64_t g, const Body& body) const {
    for (std::int64_t pixel = n * pixels; pixel < (n + 1) * pixels; ++pixel) {
      for (std::int64_t c = g * width; c < (g + 1) * width; ++c) body(pixel * channels + c, c);
    }
  }

  std::int64_t samples, pixels, channels, groups, width;
};

}  // namespace

void ReferenceBackend::do_group_norm(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma,
                                     const Tensor& beta, const Tensor& y, const Tensor& mean,
                                     const Tensor& reciprocal_deviation) {
  const Groups all(x, spec);
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    const T* in = x.data<T>();
    for (std::int64_t n = 0; n < all.samples; ++n) {
      for (std::int64_t g = 0; g < all.groups; ++g) {
        double sum = 0.0, squares = 0.0;
        all.for_each(n, g, [&](std::int64_t k, std::int64_t) { sum += in[k]; });
        const double m = sum / all.members();
        all.for_each(n, g, [&](std::int64_t k, std::int64_t) { squares += (in[k] - m) * (in[k] - m); });
        const double s = 1.0 / std::sqrt(squares / all.members() + spec.epsilon);
        mean.data<E>()[n * all.groups + g] = static_cast<E>(m);
        reciprocal_deviation.data<E>()[n * all.groups + g] = static_cast<E>(s);
        all.for_each(n, g, [&](std::int64_t k, std::int64_t c) {
          y.data<T>()[k] = static_cast<T>(gamma.data<E>()[c] * (in[k] - m) * s + beta.data<E>()[c]);
        });
      }
    }
  });
}

void ReferenceBackend::do_group_norm_backward(const GroupNormSpec& spec, const Tensor& x, const Tensor& gamma,
                                              const Tensor& mean, const Tensor& reciprocal_deviation, const Tensor& dy,
                                              const Tensor& dx, const Tensor& dgamma, const Tensor& dbeta) {
  const Groups all(x, spec);
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    const T* in = x.data<T>();
    const E* scale = gamma.data<E>();
    const T* gradient = dy.data<T>();
    std::vector<double> scale_sums(static_cast<std::size_t>(all.channels), 0.0), shift_sums = scale_sums;
    for (std::int64_t n = 0; n < all.samples; ++n) {
      for (std::int64_t g = 0; g < all.groups; ++g) {
        const double m = mean.data<E>()[n * all.groups + g];
        const double s = reciprocal_deviation.data<E>()[n * all.groups + g];
        double sum = 0.0, product = 0.0;
        all.for_each(n, g, [&](std::int64_t k, std::int64_t c) {
          const double normalised = (in[k] - m) * s, e = static_cast<double>(scale[c]) * gradient[k];
          sum += e;
          product += e * normalised;
          scale_sums[static_cast<std::size_t>(c)] += gradient[k] * normalised;
          shift_sums[static_cast<std::size_t>(c)] += gradient[k];
        });
        all.for_each(n, g, [&](std::int64_t k, std::int64_t c) {
          const double normalised = (in[k] - m) * s, e = static_cast<double>(scale[c]) * gradient[k];
          dx.data<T>()[k] = static_cast<T>(s * (e - sum / all.members() - normalised * product / all.members()));
        });
      }
    }
    for (std::int64_t c = 0; c < all.channels; ++c) {
      dgamma.data<E>()[c] = static_cast<E>(dgamma.data<E>()[c] + scale_sums[static_cast<std::size_t>(c)]);
      dbeta.data<E>()[c] = static_cast<E>(dbeta.data<E>()[c] + shift_sums[static_cast<std::size_t>(c)]);
    }
  });
}

}  // namespace nextframe
