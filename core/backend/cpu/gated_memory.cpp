// ST-LSTM's pointwise half (Wang et al. 2017), per pixel and channel: a state with gates of its own, and an output of two
// factors.
//   c = f c' + i g, with i = s(ai), f = s(af + forget bias), g = tanh(ag)      h = o u, with o = s(ao), u = tanh(au)
// gates [pixels,3C] go from ai,af,ag to i,f,g, which with c' is all that backward needs.

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/gate_arguments.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/gated_memory.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

template <class T>
HWY_INLINE void gated_memory_pixels(const GatedMemoryForward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  const bool activated_before = a.activated;
  const float forget_bias = a.forget_bias;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    T* gates = static_cast<T*>(a.gates) + pixel * 3 * channels;
    const float* previous = a.previous + pixel * channels;
    float* memory = a.memory + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      auto i = load(d, gates + k);
      auto f = load(d, gates + channels + k);
      auto g = load(d, gates + 2 * channels + k);
      if (!activated_before) {
        i = fast_sigmoid(d, i);
        f = fast_sigmoid(d, hn::Add(f, hn::Set(d, forget_bias)));
        g = fast_tanh(d, g);
        store(i, d, gates + k);
        store(f, d, gates + channels + k);
        store(g, d, gates + 2 * channels + k);
      }
      store(hn::MulAdd(f, load(d, previous + k), hn::Mul(i, g)), d, memory + k);
    });
  }
}

/// di = dc g i(1-i)   df = dc c' f(1-f)   dg = dc i (1-g^2)   dc' = dc f
template <class T>
HWY_INLINE void gated_memory_backward_pixels(const GatedMemoryBackward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    T* gates = static_cast<T*>(a.gates) + pixel * 3 * channels;
    const float* previous = a.previous + pixel * channels;
    float* dmemory = a.dmemory + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto one = hn::Set(d, 1.0f);
      const auto dc = load(d, dmemory + k);
      const auto i = load(d, gates + k);
      const auto f = load(d, gates + channels + k);
      const auto g = load(d, gates + 2 * channels + k);
      store(hn::Mul(hn::Mul(dc, g), hn::NegMulAdd(i, i, i)), d, gates + k);
      store(hn::Mul(hn::Mul(dc, load(d, previous + k)), hn::NegMulAdd(f, f, f)), d, gates + channels + k);
      store(hn::Mul(hn::Mul(dc, i), hn::NegMulAdd(g, g, one)), d, gates + 2 * channels + k);
      store(hn::Mul(dc, f), d, dmemory + k);
    });
  }
}

template <class T>
HWY_INLINE void gated_output_pixels(const GatedOutputForward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  const bool activated_before = a.activated;
  T* gate = static_cast<T*>(a.gate) + first * channels;
  T* content = static_cast<T*>(a.content) + first * channels;
  T* hidden = static_cast<T*>(a.hidden) + first * channels;
  each_lane((last - first) * channels, [=](auto d, std::int64_t k) HWY_ATTR {
    auto o = load(d, gate + k);
    auto u = load(d, content + k);
    if (!activated_before) {
      o = fast_sigmoid(d, o);
      u = fast_tanh(d, u);
      store(o, d, gate + k);
      store(u, d, content + k);
    }
    store(hn::Mul(o, u), d, hidden + k);
  });
}

/// do = dh u o(1-o)   du = dh o (1-u^2)
template <class T>
HWY_INLINE void gated_output_backward_pixels(const GatedOutputBackward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  const T* dhidden = static_cast<const T*>(a.dhidden) + first * channels;
  T* gate = static_cast<T*>(a.gate) + first * channels;
  T* content = static_cast<T*>(a.content) + first * channels;
  each_lane((last - first) * channels, [=](auto d, std::int64_t k) HWY_ATTR {
    const auto dh = load(d, dhidden + k);
    const auto o = load(d, gate + k);
    const auto u = load(d, content + k);
    store(hn::Mul(hn::Mul(dh, u), hn::NegMulAdd(o, o, o)), d, gate + k);
    store(hn::Mul(hn::Mul(dh, o), hn::NegMulAdd(u, u, hn::Set(d, 1.0f))), d, content + k);
  });
}

void gated_memory_range(const GatedMemoryForward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gated_memory_pixels<decltype(type)>(a, first, last); });
}

void gated_memory_backward_range(const GatedMemoryBackward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gated_memory_backward_pixels<decltype(type)>(a, first, last); });
}

void gated_output_range(const GatedOutputForward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gated_output_pixels<decltype(type)>(a, first, last); });
}

void gated_output_backward_range(const GatedOutputBackward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { gated_output_backward_pixels<decltype(type)>(a, first, last); });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(gated_memory_range);
HWY_EXPORT(gated_memory_backward_range);
HWY_EXPORT(gated_output_range);
HWY_EXPORT(gated_output_backward_range);

namespace {

template <class Kernel, class Arguments>
void run(const Threads& threads, const Kernel& kernel, const Arguments& arguments, std::int64_t elements) {
  const std::int64_t channels = arguments.channels;
  parallel_for(threads, elements / channels, kGrain / (3 * channels) + 1,
               [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

}  // namespace

void CpuBackend::do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                                 const Tensor& memory) {
  const GatedMemoryForward arguments{.dtype = gates.dtype(),
                                     .previous = previous.data<float>(),
                                     .gates = gates.raw(),
                                     .memory = memory.data<float>(),
                                     .channels = memory.dimension(-1),
                                     .activated = spec.gates == GateValues::kActivated,
                                     .forget_bias = static_cast<float>(spec.forget_bias)};
  run(threads_, HWY_DYNAMIC_DISPATCH(gated_memory_range), arguments, memory.elements());
}

void CpuBackend::do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) {
  const GatedMemoryBackward arguments{.dtype = gates.dtype(),
                                      .previous = previous.data<float>(),
                                      .gates = gates.raw(),
                                      .dmemory = dmemory.data<float>(),
                                      .channels = dmemory.dimension(-1)};
  run(threads_, HWY_DYNAMIC_DISPATCH(gated_memory_backward_range), arguments, dmemory.elements());
}

void CpuBackend::do_gated_output(GateValues values, const Tensor& gate, const Tensor& content, const Tensor& hidden) {
  const GatedOutputForward arguments{.dtype = gate.dtype(),
                                     .gate = gate.raw(),
                                     .content = content.raw(),
                                     .hidden = hidden.raw(),
                                     .channels = hidden.dimension(-1),
                                     .activated = values == GateValues::kActivated};
  run(threads_, HWY_DYNAMIC_DISPATCH(gated_output_range), arguments, hidden.elements());
}

void CpuBackend::do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) {
  const GatedOutputBackward arguments{.dtype = gate.dtype(),
                                      .dhidden = dhidden.raw(),
                                      .gate = gate.raw(),
                                      .content = content.raw(),
                                      .channels = dhidden.dimension(-1)};
  run(threads_, HWY_DYNAMIC_DISPATCH(gated_output_backward_range), arguments, dhidden.elements());
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
