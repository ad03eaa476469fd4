// ConvGRU's pointwise half (Cho et al. 2014), per pixel and channel, with h = (1-z) h' + z n:
//   reset after:  z = s(az + bz)   r = s(ar + br)   n = act(an + r bn), a the input's and b the hidden side's
//   convolution reset before: z = s(az)   r = s(ar)   n = act(an), where an holds the convolution of r h'
// Kept for backward: z, r, n over their pre-activations, and bn where the reset comes after. With dn~ = dh z act'(n):
//   dz = dh (n - h') z(1-z)   dr = dn~ bn r(1-r), or d(r h') h' r(1-r)   dh' += dh (1-z) (+ d(r h') r)

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/gate_arguments.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/gru.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

template <class T>
HWY_INLINE void gru_after_pixels(const GruAfterForward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* from = static_cast<const T*>(a.hidden_gates) + pixel * 3 * channels;
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    T* gates = static_cast<T*>(a.gates) + pixel * 3 * channels;
    T* kept = static_cast<T*>(a.hidden_candidate) + pixel * channels;
    T* hidden = static_cast<T*>(a.hidden) + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto z = fast_sigmoid(d, hn::Add(load(d, gates + k), load(d, from + k)));
      const auto r = fast_sigmoid(d, hn::Add(load(d, gates + channels + k), load(d, from + channels + k)));
      const auto b = load(d, from + 2 * channels + k);
      const auto n = activated(d, a.candidate, a.slope, hn::MulAdd(r, b, load(d, gates + 2 * channels + k)));
      const auto before = load(d, hidden_previous + k);
      store(z, d, gates + k);
      store(r, d, gates + channels + k);
      store(n, d, gates + 2 * channels + k);
      store(b, d, kept + k);
      store(hn::MulAdd(z, hn::Sub(n, before), before), d, hidden + k);
    });
  }
}

template <class T>
HWY_INLINE void gru_after_backward_pixels(const GruAfterBackward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    const T* dhidden = static_cast<const T*>(a.dhidden) + pixel * channels;
    T* kept = static_cast<T*>(a.hidden_candidate) + pixel * channels;
    T* gates = static_cast<T*>(a.gates) + pixel * 3 * channels;
    T* dprevious = static_cast<T*>(a.dhidden_previous) + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto dh = load(d, dhidden + k);
      const auto z = load(d, gates + k);
      const auto r = load(d, gates + channels + k);
      const auto n = load(d, gates + 2 * channels + k);
      const auto dn = hn::Mul(hn::Mul(dh, z), derivative(d, a.candidate, a.slope, n));
      const auto dz = hn::Mul(hn::Mul(dh, hn::Sub(n, load(d, hidden_previous + k))), hn::NegMulAdd(z, z, z));
      const auto dr = hn::Mul(hn::Mul(dn, load(d, kept + k)), hn::NegMulAdd(r, r, r));
      store(dz, d, gates + k);
      store(dr, d, gates + channels + k);
      store(hn::Mul(r, dn), d, gates + 2 * channels + k);
      store(dn, d, kept + k);
      const auto path = hn::NegMulAdd(z, dh, dh);
      store(hn::Add(path, load(d, dprevious + k)), d, dprevious + k);
    });
  }
}

template <class T>
HWY_INLINE void gru_state_pixels(const GruState& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels, gates = (a.candidate == nullptr ? 3 : 2) * channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* update = static_cast<const T*>(a.gates) + pixel * gates;
    const T* candidate =
        a.candidate == nullptr ? update + 2 * channels : static_cast<const T*>(a.candidate) + pixel * channels;
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    T* hidden = static_cast<T*>(a.hidden) + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto before = load(d, hidden_previous + k);
      const auto change = hn::Sub(load(d, candidate + k), before);
      store(hn::MulAdd(load(d, update + k), change, before), d, hidden + k);
    });
  }
}

template <class T>
HWY_INLINE void gru_before_gates_pixels(const GruBeforeGates& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    T* gates = static_cast<T*>(a.gates) + pixel * 2 * channels;
    T* reset_hidden = static_cast<T*>(a.reset_hidden) + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto r = fast_sigmoid(d, load(d, gates + channels + k));
      store(fast_sigmoid(d, load(d, gates + k)), d, gates + k);
      store(r, d, gates + channels + k);
      store(hn::Mul(r, load(d, hidden_previous + k)), d, reset_hidden + k);
    });
  }
}

template <class T>
HWY_INLINE void gru_before_output_pixels(const GruBeforeOutput& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* gates = static_cast<const T*>(a.gates) + pixel * 2 * channels;
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    T* candidate = static_cast<T*>(a.candidate) + pixel * channels;
    T* hidden = static_cast<T*>(a.hidden) + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto z = load(d, gates + k);
      const auto before = load(d, hidden_previous + k);
      const auto n = activated(d, a.candidate_activation, a.slope, load(d, candidate + k));
      store(n, d, candidate + k);
      store(hn::MulAdd(z, hn::Sub(n, before), before), d, hidden + k);
    });
  }
}

template <class T>
HWY_INLINE void gru_before_output_backward_pixels(const GruBeforeOutputBackward& a, std::int64_t first,
                                                  std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    const T* dhidden = static_cast<const T*>(a.dhidden) + pixel * channels;
    T* candidate = static_cast<T*>(a.candidate) + pixel * channels;
    T* gates = static_cast<T*>(a.gates) + pixel * 2 * channels;
    T* dprevious = static_cast<T*>(a.dhidden_previous) + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto dh = load(d, dhidden + k);
      const auto z = load(d, gates + k);
      const auto n = load(d, candidate + k);
      const auto change = hn::Sub(n, load(d, hidden_previous + k));
      store(hn::Mul(hn::Mul(dh, z), derivative(d, a.candidate_activation, a.slope, n)), d, candidate + k);
      store(hn::Mul(hn::Mul(dh, change), hn::NegMulAdd(z, z, z)), d, gates + k);
      const auto path = hn::NegMulAdd(z, dh, dh);
      store(hn::Add(path, load(d, dprevious + k)), d, dprevious + k);
    });
  }
}

template <class T>
HWY_INLINE void gru_before_gates_backward_pixels(const GruBeforeGatesBackward& a, std::int64_t first,
                                                 std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* hidden_previous = static_cast<const T*>(a.hidden_previous) + pixel * channels;
    const T* dreset = static_cast<const T*>(a.dreset_hidden) + pixel * channels;
    T* reset = static_cast<T*>(a.gates) + pixel * 2 * channels + channels;
    T* dprevious = static_cast<T*>(a.dhidden_previous) + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto r = load(d, reset + k);
      const auto gradient = load(d, dreset + k);
      const auto dr = hn::Mul(gradient, load(d, hidden_previous + k));
      store(hn::Mul(dr, hn::NegMulAdd(r, r, r)), d, reset + k);
      store(hn::MulAdd(r, gradient, load(d, dprevious + k)), d, dprevious + k);
    });
  }
}

void gru_after_range(const GruAfterForward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gru_after_pixels<decltype(type)>(a, first, last); });
}

void gru_after_backward_range(const GruAfterBackward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gru_after_backward_pixels<decltype(type)>(a, first, last); });
}

void gru_state_range(const GruState& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gru_state_pixels<decltype(type)>(a, first, last); });
}

void gru_before_gates_range(const GruBeforeGates& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gru_before_gates_pixels<decltype(type)>(a, first, last); });
}

void gru_before_output_range(const GruBeforeOutput& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gru_before_output_pixels<decltype(type)>(a, first, last); });
}

void gru_before_output_backward_range(const GruBeforeOutputBackward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype,
                   [&](auto type) HWY_ATTR { gru_before_output_backward_pixels<decltype(type)>(a, first, last); });
}

void gru_before_gates_backward_range(const GruBeforeGatesBackward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype,
                   [&](auto type) HWY_ATTR { gru_before_gates_backward_pixels<decltype(type)>(a, first, last); });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(gru_after_range);
HWY_EXPORT(gru_after_backward_range);
HWY_EXPORT(gru_state_range);
HWY_EXPORT(gru_before_gates_range);
HWY_EXPORT(gru_before_output_range);
HWY_EXPORT(gru_before_output_backward_range);
HWY_EXPORT(gru_before_gates_backward_range);

namespace {

/// Runs a gate kernel over all pixels of `state` [...,C].
template <class Kernel, class Arguments>
void each_pixel(const Threads& threads, const Tensor& state, const Kernel& kernel, const Arguments& arguments) {
  const std::int64_t channels = state.dimension(-1);
  parallel_for(threads, state.elements() / channels, kGrain / (3 * channels) + 1,
               [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

}  // namespace

void CpuBackend::do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates,
                              const Tensor& hidden_previous, const Tensor& gates, const Tensor& hidden_candidate,
                              const Tensor& hidden) {
  const GruAfterForward arguments{hidden.dtype(),       hidden_gates.raw(),     hidden_previous.raw(),
                                  gates.raw(),          hidden_candidate.raw(), hidden.raw(),
                                  hidden.dimension(-1), candidate.kind,         static_cast<float>(candidate.slope)};
  each_pixel(threads_, hidden, HWY_DYNAMIC_DISPATCH(gru_after_range), arguments);
}

void CpuBackend::do_gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_previous,
                                       const Tensor& dhidden, const Tensor& hidden_candidate, const Tensor& gates,
                                       const Tensor& dhidden_previous) {
  const GruAfterBackward arguments{dhidden.dtype(),        hidden_previous.raw(), dhidden.raw(),
                                   hidden_candidate.raw(), gates.raw(),           dhidden_previous.raw(),
                                   dhidden.dimension(-1),  candidate.kind,        static_cast<float>(candidate.slope)};
  each_pixel(threads_, dhidden, HWY_DYNAMIC_DISPATCH(gru_after_backward_range), arguments);
}

void CpuBackend::do_gru_state(const Tensor& gates, const Tensor& candidate, const Tensor& hidden_previous,
                              const Tensor& hidden) {
  const GruState arguments{hidden.dtype(),        gates.raw(),  candidate ? candidate.raw() : nullptr,
                           hidden_previous.raw(), hidden.raw(), hidden.dimension(-1)};
  each_pixel(threads_, hidden, HWY_DYNAMIC_DISPATCH(gru_state_range), arguments);
}

void CpuBackend::do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden) {
  const GruBeforeGates arguments{gates.dtype(), hidden_previous.raw(), gates.raw(), reset_hidden.raw(),
                                 reset_hidden.dimension(-1)};
  each_pixel(threads_, reset_hidden, HWY_DYNAMIC_DISPATCH(gru_before_gates_range), arguments);
}

void CpuBackend::do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                      const Tensor& hidden_previous, const Tensor& candidate, const Tensor& hidden) {
  const GruBeforeOutput arguments{
      gates.dtype(), gates.raw(),          hidden_previous.raw(),     candidate.raw(),
      hidden.raw(),  hidden.dimension(-1), candidate_activation.kind, static_cast<float>(candidate_activation.slope)};
  each_pixel(threads_, hidden, HWY_DYNAMIC_DISPATCH(gru_before_output_range), arguments);
}

void CpuBackend::do_gru_before_output_backward(const ActivationSpec& candidate_activation,
                                               const Tensor& hidden_previous, const Tensor& dhidden,
                                               const Tensor& candidate, const Tensor& gates,
                                               const Tensor& dhidden_previous) {
  const GruBeforeOutputBackward arguments{gates.dtype(),
                                          hidden_previous.raw(),
                                          dhidden.raw(),
                                          candidate.raw(),
                                          gates.raw(),
                                          dhidden_previous.raw(),
                                          dhidden.dimension(-1),
                                          candidate_activation.kind,
                                          static_cast<float>(candidate_activation.slope)};
  each_pixel(threads_, dhidden, HWY_DYNAMIC_DISPATCH(gru_before_output_backward_range), arguments);
}

void CpuBackend::do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden,
                                              const Tensor& gates, const Tensor& dhidden_previous) {
  const GruBeforeGatesBackward arguments{gates.dtype(), hidden_previous.raw(),  dreset_hidden.raw(),
                                         gates.raw(),   dhidden_previous.raw(), dreset_hidden.dimension(-1)};
  each_pixel(threads_, dreset_hidden, HWY_DYNAMIC_DISPATCH(gru_before_gates_backward_range), arguments);
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
