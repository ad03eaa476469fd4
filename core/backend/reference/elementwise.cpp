// fill, copy, add, broadcast_channels, sum_channels, moving_average: y_i from x_i, or across all but the last
// dimension.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

using reference::dispatch;
using reference::store;

void ReferenceBackend::do_fill(double value, const Tensor& y) {
  dispatch(y.dtype(), [&](auto type) {
    using T = decltype(type);
    std::fill_n(y.data<T>(), y.elements(), static_cast<T>(value));
  });
}

void ReferenceBackend::do_copy(const Tensor& x, const Tensor& y) {
  dispatch(x.dtype(), [&](auto from_type) {
    using From = decltype(from_type);
    dispatch(y.dtype(), [&](auto to_type) {
      using To = decltype(to_type);
      const From* from = x.data<From>();
      std::transform(from, from + x.elements(), y.data<To>(), [](From value) { return static_cast<To>(value); });
    });
  });
}

void ReferenceBackend::do_add(double alpha, const Tensor& x, const Tensor& y, Write write) {
  dispatch(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    for (std::int64_t i = 0; i < y.elements(); ++i) store(to[i], alpha * from[i], write);
  });
}

void ReferenceBackend::do_broadcast_channels(const Tensor& bias, const Tensor& y, Write write) {
  dispatch(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const Exact<T>* b = bias.data<Exact<T>>();
    T* to = y.data<T>();
    const std::int64_t channels = bias.elements();
    for (std::int64_t i = 0; i < y.elements(); ++i) store(to[i], b[i % channels], write);
  });
}

void ReferenceBackend::do_write_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  dispatch(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t count = x.dimension(-1), channels = y.dimension(-1);
    for (std::int64_t i = 0; i < x.elements(); ++i) to[i / count * channels + first + i % count] = from[i];
  });
}

void ReferenceBackend::do_read_channels(const Tensor& x, std::int64_t first, const Tensor& y) {
  dispatch(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const std::int64_t count = y.dimension(-1), channels = x.dimension(-1);
    for (std::int64_t i = 0; i < y.elements(); ++i) to[i] = from[i / count * channels + first + i % count];
  });
}

void ReferenceBackend::do_sum_channels(const Tensor& x, const Tensor& sums, Write write) {
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    Exact<T>* to = sums.data<Exact<T>>();
    const std::int64_t channels = sums.elements();
    std::vector<double> totals(static_cast<std::size_t>(channels), 0.0);
    for (std::int64_t i = 0; i < x.elements(); ++i) totals[static_cast<std::size_t>(i % channels)] += from[i];
    for (std::int64_t c = 0; c < channels; ++c) store(to[c], totals[static_cast<std::size_t>(c)], write);
  });
}

void ReferenceBackend::do_moving_average(double decay, const Tensor& value, const Tensor& average) {
  dispatch(value.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* v = value.data<T>();
    T* a = average.data<T>();
    for (std::int64_t i = 0; i < value.elements(); ++i) a[i] = static_cast<T>(decay * a[i] + (1.0 - decay) * v[i]);
  });
}

}  // namespace nextframe
