// y = activation(x); dx = dy o activation'(x), the derivative taken from y.

#include "core/backend/reference/activation.h"

#include <cstdint>

#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

using reference::dispatch;

void ReferenceBackend::do_activate(const ActivationSpec& spec, const Tensor& x, const Tensor& y) {
  dispatch(x.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* from = x.data<T>();
    T* to = y.data<T>();
    for (std::int64_t i = 0; i < x.elements(); ++i) to[i] = static_cast<T>(reference::activated(spec, from[i]));
  });
}

void ReferenceBackend::do_activate_backward(const ActivationSpec& spec, const Tensor& y, const Tensor& dy,
                                            const Tensor& dx) {
  dispatch(y.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* out = y.data<T>();
    const T* gradient = dy.data<T>();
    T* to = dx.data<T>();
    for (std::int64_t i = 0; i < y.elements(); ++i) {
      to[i] = static_cast<T>(gradient[i] * reference::activation_derivative(spec, out[i]));
    }
  });
}

}  // namespace nextframe
