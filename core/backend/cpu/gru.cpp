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

void gru_after_range(const GruAfterForward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const float* from = a.hidden_gates + pixel * 3 * channels;
    const float* hidden_previous = a.hidden_previous + pixel * channels;
    float* gates = a.gates + pixel * 3 * channels;
    float* kept = a.hidden_candidate + pixel * channels;
    float* hidden = a.hidden + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto z = fast_sigmoid(d, hn::Add(hn::LoadU(d, gates + k), hn::LoadU(d, from + k)));
      const auto r = fast_sigmoid(d, hn::Add(hn::LoadU(d, gates + channels + k), hn::LoadU(d, from + channels + k)));
      const auto b = hn::LoadU(d, from + 2 * channels + k);
      const auto n = activated(d, a.candidate, a.slope, hn::MulAdd(r, b, hn::LoadU(d, gates + 2 * channels + k)));
      const auto before = hn::LoadU(d, hidden_previous + k);
      hn::StoreU(z, d, gates + k);
      hn::StoreU(r, d, gates + channels + k);
      hn::StoreU(n, d, gates + 2 * channels + k);
      hn::StoreU(b, d, kept + k);
      hn::StoreU(hn::MulAdd(z, hn::Sub(n, before), before), d, hidden + k);
    });
  }
}

void gru_after_backward_range(const GruAfterBackward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const float* kept = a.hidden_candidate + pixel * channels;
    const float* hidden_previous = a.hidden_previous + pixel * channels;
    const float* dhidden = a.dhidden + pixel * channels;
    float* gates = a.gates + pixel * 3 * channels;
    float* to = a.dhidden_gates + pixel * 3 * channels;
    float* dprevious = a.dhidden_previous + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto dh = hn::LoadU(d, dhidden + k);
      const auto z = hn::LoadU(d, gates + k);
      const auto r = hn::LoadU(d, gates + channels + k);
      const auto n = hn::LoadU(d, gates + 2 * channels + k);
      const auto dn = hn::Mul(hn::Mul(dh, z), derivative(d, a.candidate, a.slope, n));
      const auto dz = hn::Mul(hn::Mul(dh, hn::Sub(n, hn::LoadU(d, hidden_previous + k))), hn::NegMulAdd(z, z, z));
      const auto dr = hn::Mul(hn::Mul(dn, hn::LoadU(d, kept + k)), hn::NegMulAdd(r, r, r));
      hn::StoreU(dz, d, gates + k);
      hn::StoreU(dr, d, gates + channels + k);
      hn::StoreU(dn, d, gates + 2 * channels + k);
      hn::StoreU(dz, d, to + k);
      hn::StoreU(dr, d, to + channels + k);
      hn::StoreU(hn::Mul(r, dn), d, to + 2 * channels + k);
      const auto path = hn::NegMulAdd(z, dh, dh);
      hn::StoreU(hn::Add(path, hn::LoadU(d, dprevious + k)), d, dprevious + k);
    });
  }
}

void gru_before_gates_range(const GruBeforeGates& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const float* hidden_previous = a.hidden_previous + pixel * channels;
    float* gates = a.gates + pixel * 2 * channels;
    float* reset_hidden = a.reset_hidden + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto r = fast_sigmoid(d, hn::LoadU(d, gates + channels + k));
      hn::StoreU(fast_sigmoid(d, hn::LoadU(d, gates + k)), d, gates + k);
      hn::StoreU(r, d, gates + channels + k);
      hn::StoreU(hn::Mul(r, hn::LoadU(d, hidden_previous + k)), d, reset_hidden + k);
    });
  }
}

void gru_before_output_range(const GruBeforeOutput& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const float* gates = a.gates + pixel * 2 * channels;
    const float* hidden_previous = a.hidden_previous + pixel * channels;
    float* candidate = a.candidate + pixel * channels;
    float* hidden = a.hidden + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto z = hn::LoadU(d, gates + k);
      const auto before = hn::LoadU(d, hidden_previous + k);
      const auto n = activated(d, a.candidate_activation, a.slope, hn::LoadU(d, candidate + k));
      hn::StoreU(n, d, candidate + k);
      hn::StoreU(hn::MulAdd(z, hn::Sub(n, before), before), d, hidden + k);
    });
  }
}

void gru_before_output_backward_range(const GruBeforeOutputBackward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const float* hidden_previous = a.hidden_previous + pixel * channels;
    const float* dhidden = a.dhidden + pixel * channels;
    float* candidate = a.candidate + pixel * channels;
    float* gates = a.gates + pixel * 2 * channels;
    float* dprevious = a.dhidden_previous + pixel * channels;
    each_lane(channels, [=, &a](auto d, std::int64_t k) HWY_ATTR {
      const auto dh = hn::LoadU(d, dhidden + k);
      const auto z = hn::LoadU(d, gates + k);
      const auto n = hn::LoadU(d, candidate + k);
      const auto change = hn::Sub(n, hn::LoadU(d, hidden_previous + k));
      hn::StoreU(hn::Mul(hn::Mul(dh, z), derivative(d, a.candidate_activation, a.slope, n)), d, candidate + k);
      hn::StoreU(hn::Mul(hn::Mul(dh, change), hn::NegMulAdd(z, z, z)), d, gates + k);
      const auto path = hn::NegMulAdd(z, dh, dh);
      hn::StoreU(hn::Add(path, hn::LoadU(d, dprevious + k)), d, dprevious + k);
    });
  }
}

void gru_before_gates_backward_range(const GruBeforeGatesBackward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const float* hidden_previous = a.hidden_previous + pixel * channels;
    const float* dreset = a.dreset_hidden + pixel * channels;
    float* reset = a.gates + pixel * 2 * channels + channels;
    float* dprevious = a.dhidden_previous + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto r = hn::LoadU(d, reset + k);
      const auto gradient = hn::LoadU(d, dreset + k);
      const auto dr = hn::Mul(gradient, hn::LoadU(d, hidden_previous + k));
      hn::StoreU(hn::Mul(dr, hn::NegMulAdd(r, r, r)), d, reset + k);
      hn::StoreU(hn::MulAdd(r, gradient, hn::LoadU(d, dprevious + k)), d, dprevious + k);
    });
  }
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(gru_after_range);
HWY_EXPORT(gru_after_backward_range);
HWY_EXPORT(gru_before_gates_range);
HWY_EXPORT(gru_before_output_range);
HWY_EXPORT(gru_before_output_backward_range);
HWY_EXPORT(gru_before_gates_backward_range);

namespace {

/// Runs a gate kernel over all pixels of `state` [...,C].
template <class Kernel, class Arguments>
void each_pixel(int threads, const Tensor& state, const Kernel& kernel, const Arguments& arguments) {
  const std::int64_t channels = state.dimension(-1);
  parallel_for(threads, state.elements() / channels, kGrain / (3 * channels) + 1,
               [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

}  // namespace

void CpuBackend::do_gru_after(const ActivationSpec& candidate, const Tensor& hidden_gates,
                              const Tensor& hidden_previous, const Tensor& gates, const Tensor& hidden_candidate,
                              const Tensor& hidden) {
  const GruAfterForward arguments{hidden_gates.data<float>(),
                                  hidden_previous.data<float>(),
                                  gates.data<float>(),
                                  hidden_candidate.data<float>(),
                                  hidden.data<float>(),
                                  hidden.dimension(-1),
                                  candidate.kind,
                                  static_cast<float>(candidate.slope)};
  each_pixel(threads_, hidden, HWY_DYNAMIC_DISPATCH(gru_after_range), arguments);
}

void CpuBackend::do_gru_after_backward(const ActivationSpec& candidate, const Tensor& hidden_candidate,
                                       const Tensor& hidden_previous, const Tensor& dhidden, const Tensor& gates,
                                       const Tensor& dhidden_gates, const Tensor& dhidden_previous) {
  const GruAfterBackward arguments{
      hidden_candidate.data<float>(),     hidden_previous.data<float>(),  dhidden.data<float>(), gates.data<float>(),
      dhidden_gates.data<float>(),        dhidden_previous.data<float>(), dhidden.dimension(-1), candidate.kind,
      static_cast<float>(candidate.slope)};
  each_pixel(threads_, dhidden, HWY_DYNAMIC_DISPATCH(gru_after_backward_range), arguments);
}

void CpuBackend::do_gru_before_gates(const Tensor& hidden_previous, const Tensor& gates, const Tensor& reset_hidden) {
  const GruBeforeGates arguments{hidden_previous.data<float>(), gates.data<float>(), reset_hidden.data<float>(),
                                 reset_hidden.dimension(-1)};
  each_pixel(threads_, reset_hidden, HWY_DYNAMIC_DISPATCH(gru_before_gates_range), arguments);
}

void CpuBackend::do_gru_before_output(const ActivationSpec& candidate_activation, const Tensor& gates,
                                      const Tensor& hidden_previous, const Tensor& candidate, const Tensor& hidden) {
  const GruBeforeOutput arguments{gates.data<float>(),
                                  hidden_previous.data<float>(),
                                  candidate.data<float>(),
                                  hidden.data<float>(),
                                  hidden.dimension(-1),
                                  candidate_activation.kind,
                                  static_cast<float>(candidate_activation.slope)};
  each_pixel(threads_, hidden, HWY_DYNAMIC_DISPATCH(gru_before_output_range), arguments);
}

void CpuBackend::do_gru_before_output_backward(const ActivationSpec& candidate_activation,
                                               const Tensor& hidden_previous, const Tensor& dhidden,
                                               const Tensor& candidate, const Tensor& gates,
                                               const Tensor& dhidden_previous) {
  const GruBeforeOutputBackward arguments{
      hidden_previous.data<float>(),  dhidden.data<float>(),
      candidate.data<float>(),        gates.data<float>(),
      dhidden_previous.data<float>(), dhidden.dimension(-1),
      candidate_activation.kind,      static_cast<float>(candidate_activation.slope)};
  each_pixel(threads_, dhidden, HWY_DYNAMIC_DISPATCH(gru_before_output_backward_range), arguments);
}

void CpuBackend::do_gru_before_gates_backward(const Tensor& hidden_previous, const Tensor& dreset_hidden,
                                              const Tensor& gates, const Tensor& dhidden_previous) {
  const GruBeforeGatesBackward arguments{hidden_previous.data<float>(), dreset_hidden.data<float>(),
                                         gates.data<float>(), dhidden_previous.data<float>(),
                                         dreset_hidden.dimension(-1)};
  each_pixel(threads_, dreset_hidden, HWY_DYNAMIC_DISPATCH(gru_before_gates_backward_range), arguments);
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
