// Per pixel and channel, a the input side's pre-activations, u the hidden convolution with its bias:
//   z = s(a_z + u_z)   r = s(a_r + u_r)   h = (1-z) h' + z n
//   reset after:  n = act(a_n + r u_n)    reset before:  n = act(a_n), a_n holding the convolution of r h' already
// Backward:  dn = dh z act'(n)   dz = dh (n - h') z (1-z)   dh' += dh (1-z)
//   after:   dr = dn u_n r (1-r), hidden side gets r dn     before:  dr = d(r h') h' r (1-r), dh' += d(r h') r

#include <cstdint>

#include "core/backend/reference/activation.h"
#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

namespace {

using reference::activated;
using reference::activation_derivative;
using reference::dispatch;
using reference::sigmoid;

/// Calls `body(k, g)` for every pixel and channel: k indexes tensors of C channels, g the first gate of `gates` * C
/// channels.
template <class Body>
void for_each(const Tensor& hidden, std::int64_t gates, const Body& body) {
  const std::int64_t channels = hidden.dimension(-1);
  for (std::int64_t k = 0; k < hidden.elements(); ++k) body(k, k / channels * gates * channels + k % channels);
}

}  // namespace

void ReferenceBackend::do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates,
                                    const Tensor& hidden_previous, const Tensor& gates, const Tensor& hidden_candidate,
                                    const Tensor& hidden) {
  const std::int64_t channels = hidden.dimension(-1);
  dispatch(hidden.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* u = hidden_gates.data<T>();
    const T* before = hidden_previous.data<T>();
    T* a = gates.data<T>();
    for_each(hidden, 3, [&](std::int64_t k, std::int64_t g) {
      const std::int64_t gr = g + channels, gn = g + 2 * channels;
      const double z = sigmoid(static_cast<double>(a[g]) + u[g]);
      const double r = sigmoid(static_cast<double>(a[gr]) + u[gr]);
      const double n = activated(candidate, a[gn] + r * u[gn]);
      a[g] = static_cast<T>(z);
      a[gr] = static_cast<T>(r);
      a[gn] = static_cast<T>(n);
      hidden_candidate.data<T>()[k] = u[gn];
      hidden.data<T>()[k] = static_cast<T>((1.0 - z) * before[k] + z * n);
    });
  });
}

void ReferenceBackend::do_gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous,
                                             const Tensor& dhidden, const Tensor& hidden_candidate, const Tensor& gates,
                                             const Tensor& dhidden_previous) {
  const std::int64_t channels = dhidden.dimension(-1);
  dispatch(dhidden.dtype(), [&](auto type) {
    using T = decltype(type);
    T* a = gates.data<T>();
    T* kept = hidden_candidate.data<T>();
    T* dbefore = dhidden_previous.data<T>();
    for_each(dhidden, 3, [&](std::int64_t k, std::int64_t g) {
      const std::int64_t gr = g + channels, gn = g + 2 * channels;
      const double z = a[g], r = a[gr], n = a[gn], dh = dhidden.data<T>()[k];
      const double dn = dh * z * activation_derivative(candidate, n);
      const double dz = dh * (n - hidden_previous.data<T>()[k]) * z * (1.0 - z);
      const double dr = dn * kept[k] * r * (1.0 - r);
      a[g] = static_cast<T>(dz);
      a[gr] = static_cast<T>(dr);
      a[gn] = static_cast<T>(r * dn);
      kept[k] = static_cast<T>(dn);
      dbefore[k] = static_cast<T>(dbefore[k] + (1.0 - z) * dh);
    });
  });
}

void ReferenceBackend::do_gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                                    const Tensor& hidden) {
  const std::int64_t channels = hidden.dimension(-1);
  dispatch(hidden.dtype(), [&](auto type) {
    using T = decltype(type);
    const T* a = gates.data<T>();
    for_each(hidden, candidate ? 2 : 3, [&](std::int64_t k, std::int64_t g) {
      const double z = a[g], n = candidate ? candidate.data<T>()[k] : a[g + 2 * channels];
      hidden.data<T>()[k] = static_cast<T>((1.0 - z) * hidden_previous.data<T>()[k] + z * n);
    });
  });
}

void ReferenceBackend::do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates,
                                           const Tensor& reset_hidden) {
  const std::int64_t channels = hidden_previous.dimension(-1);
  dispatch(gates.dtype(), [&](auto type) {
    using T = decltype(type);
    T* a = gates.data<T>();
    for_each(hidden_previous, 2, [&](std::int64_t k, std::int64_t g) {
      const double r = sigmoid(a[g + channels]);
      a[g] = static_cast<T>(sigmoid(a[g]));
      a[g + channels] = static_cast<T>(r);
      reset_hidden.data<T>()[k] = static_cast<T>(r * hidden_previous.data<T>()[k]);
    });
  });
}

void ReferenceBackend::do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                            const Tensor& hidden_previous, const Tensor& candidate,
                                            const Tensor& hidden) {
  dispatch(gates.dtype(), [&](auto type) {
    using T = decltype(type);
    for_each(hidden, 2, [&](std::int64_t k, std::int64_t g) {
      const double z = gates.data<T>()[g];
      const double n = activated(candidate_activation, candidate.data<T>()[k]);
      candidate.data<T>()[k] = static_cast<T>(n);
      hidden.data<T>()[k] = static_cast<T>((1.0 - z) * hidden_previous.data<T>()[k] + z * n);
    });
  });
}

void ReferenceBackend::do_gru_before_output_backward(const ActivationSpec& candidate_activation,
                                                     const Tensor& hidden_previous, const Tensor& dhidden,
                                                     const Tensor& candidate, const Tensor& gates,
                                                     const Tensor& dhidden_previous) {
  dispatch(gates.dtype(), [&](auto type) {
    using T = decltype(type);
    T* dbefore = dhidden_previous.data<T>();
    for_each(dhidden, 2, [&](std::int64_t k, std::int64_t g) {
      const double z = gates.data<T>()[g], n = candidate.data<T>()[k], dh = dhidden.data<T>()[k];
      candidate.data<T>()[k] = static_cast<T>(dh * z * activation_derivative(candidate_activation, n));
      gates.data<T>()[g] = static_cast<T>(dh * (n - hidden_previous.data<T>()[k]) * z * (1.0 - z));
      dbefore[k] = static_cast<T>(dbefore[k] + (1.0 - z) * dh);
    });
  });
}

void ReferenceBackend::do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden,
                                                    const Tensor& gates, const Tensor& dhidden_previous) {
  const std::int64_t channels = hidden_previous.dimension(-1);
  dispatch(gates.dtype(), [&](auto type) {
    using T = decltype(type);
    T* dbefore = dhidden_previous.data<T>();
    for_each(hidden_previous, 2, [&](std::int64_t k, std::int64_t g) {
      const double r = gates.data<T>()[g + channels], dreset = dreset_hidden.data<T>()[k];
      gates.data<T>()[g + channels] = static_cast<T>(dreset * hidden_previous.data<T>()[k] * r * (1.0 - r));
      dbefore[k] = static_cast<T>(dbefore[k] + r * dreset);
    });
  });
}

}  // namespace nextframe
