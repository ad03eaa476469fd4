// ConvLSTM's pointwise half (Shi et al. 2015, equation 3), per pixel and channel:
//   i = s(ai + Pi c')   f = s(af + Pf c')   g = tanh(ag)   c = f c' + i g   o = s(ao + Po c)   h = o tanh(c)
// gates [pixels,4C] go from ai,af,ag,ao to i,f,g,o, which with c' and c is all that backward needs; tanh(c) is computed
// again rather than kept.

#include <algorithm>
#include <vector>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/gate_arguments.h"
#include "core/backend/cpu/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/backend/cpu/lstm.cpp"
#include <hwy/foreach_target.h>
// foreach_target.h comes first.
#include <hwy/highway.h>

#include "core/backend/cpu/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace nextframe::cpu::HWY_NAMESPACE {

template <class T>
HWY_INLINE void lstm_pixels(const LstmForward& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  const float* peephole = a.peephole;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    T* gates = static_cast<T*>(a.gates) + pixel * 4 * channels;
    const float* cell_previous = a.cell_previous + pixel * channels;
    float* cell = a.cell + pixel * channels;
    T* hidden = static_cast<T*>(a.hidden) + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto before = load(d, cell_previous + k);
      auto i = load(d, gates + k);
      auto f = load(d, gates + channels + k);
      auto g = load(d, gates + 2 * channels + k);
      auto o = load(d, gates + 3 * channels + k);
      if (peephole != nullptr) {
        i = hn::MulAdd(load(d, peephole + k), before, i);
        f = hn::MulAdd(load(d, peephole + channels + k), before, f);
      }
      i = fast_sigmoid(d, i);
      f = fast_sigmoid(d, f);
      g = fast_tanh(d, g);
      const auto c = hn::MulAdd(f, before, hn::Mul(i, g));
      if (peephole != nullptr) o = hn::MulAdd(load(d, peephole + 2 * channels + k), c, o);
      o = fast_sigmoid(d, o);
      store(i, d, gates + k);
      store(f, d, gates + channels + k);
      store(g, d, gates + 2 * channels + k);
      store(o, d, gates + 3 * channels + k);
      store(c, d, cell + k);
      store(hn::Mul(o, fast_tanh(d, c)), d, hidden + k);
    });
  }
}

template <class T>
HWY_INLINE void lstm_state_pixels(const LstmState& a, std::int64_t first, std::int64_t last) {
  const std::int64_t channels = a.channels;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    const T* gates = static_cast<const T*>(a.gates) + pixel * 4 * channels;
    const float* cell_previous = a.cell_previous + pixel * channels;
    float* cell = a.cell + pixel * channels;
    T* hidden = static_cast<T*>(a.hidden) + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto input = hn::Mul(load(d, gates + k), load(d, gates + 2 * channels + k));
      const auto c = hn::MulAdd(load(d, gates + channels + k), load(d, cell_previous + k), input);
      store(c, d, cell + k);
      store(hn::Mul(load(d, gates + 3 * channels + k), fast_tanh(d, c)), d, hidden + k);
    });
  }
}

/// With dh and the dc that comes from the next step:
///   do = dh tanh(c) o(1-o)   dc += dh o (1 - tanh(c)^2) + Po do
///   di = dc g i(1-i)   df = dc c' f(1-f)   dg = dc i (1-g^2)   dc' = dc f + Pi di + Pf df
/// `dpeephole`, where not null, gets the sums of di c', df c', do c over these pixels added.
template <class T>
HWY_INLINE void lstm_backward_pixels(const LstmBackward& a, std::int64_t first, std::int64_t last, float* dpeephole) {
  const std::int64_t channels = a.channels;
  const float* peephole = a.peephole;
  for (std::int64_t pixel = first; pixel < last; ++pixel) {
    T* gates = static_cast<T*>(a.gates) + pixel * 4 * channels;
    const float* cell_previous = a.cell_previous + pixel * channels;
    const float* cell = a.cell + pixel * channels;
    const T* dhidden = static_cast<const T*>(a.dhidden) + pixel * channels;
    float* dcell = a.dcell + pixel * channels;
    each_lane(channels, [=](auto d, std::int64_t k) HWY_ATTR {
      const auto one = hn::Set(d, 1.0f);
      const auto before = load(d, cell_previous + k);
      const auto c = load(d, cell + k);
      const auto dh = load(d, dhidden + k);
      const auto i = load(d, gates + k);
      const auto f = load(d, gates + channels + k);
      const auto g = load(d, gates + 2 * channels + k);
      const auto o = load(d, gates + 3 * channels + k);
      const auto t = fast_tanh(d, c);
      const auto output = hn::Mul(hn::Mul(dh, t), hn::NegMulAdd(o, o, o));
      auto dc = hn::MulAdd(hn::Mul(dh, o), hn::NegMulAdd(t, t, one), load(d, dcell + k));
      if (peephole != nullptr) dc = hn::MulAdd(load(d, peephole + 2 * channels + k), output, dc);
      const auto input = hn::Mul(hn::Mul(dc, g), hn::NegMulAdd(i, i, i));
      const auto forget = hn::Mul(hn::Mul(dc, before), hn::NegMulAdd(f, f, f));
      auto dbefore = hn::Mul(dc, f);
      if (peephole != nullptr) {
        dbefore = hn::MulAdd(load(d, peephole + k), input, dbefore);
        dbefore = hn::MulAdd(load(d, peephole + channels + k), forget, dbefore);
      }
      if (dpeephole != nullptr) {
        float* to = dpeephole + k;
        store(hn::MulAdd(input, before, load(d, to)), d, to);
        store(hn::MulAdd(forget, before, load(d, to + channels)), d, to + channels);
        store(hn::MulAdd(output, c, load(d, to + 2 * channels)), d, to + 2 * channels);
      }
      store(input, d, gates + k);
      store(forget, d, gates + channels + k);
      store(hn::Mul(hn::Mul(dc, i), hn::NegMulAdd(g, g, one)), d, gates + 2 * channels + k);
      store(output, d, gates + 3 * channels + k);
      store(dbefore, d, dcell + k);
    });
  }
}

void lstm_range(const LstmForward& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { lstm_pixels<decltype(type)>(a, first, last); });
}

void lstm_state_range(const LstmState& a, std::int64_t first, std::int64_t last) {
  with_stored_type(a.dtype, [&](auto type) HWY_ATTR { lstm_state_pixels<decltype(type)>(a, first, last); });
}

void lstm_backward_range(const LstmBackward& a, std::int64_t first, std::int64_t last, float* dpeephole) {
  with_stored_type(a.dtype,
                   [&](auto type) HWY_ATTR { lstm_backward_pixels<decltype(type)>(a, first, last, dpeephole); });
}

}  // namespace nextframe::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace nextframe::cpu {

HWY_EXPORT(lstm_range);
HWY_EXPORT(lstm_state_range);
HWY_EXPORT(lstm_backward_range);

namespace {

/// Pixels whose peephole gradients are summed in float before they go into a double.
constexpr std::int64_t kPixelsAtOnce = 32;

const float* data_or_null(const Tensor& tensor) { return tensor ? tensor.data<float>() : nullptr; }

}  // namespace

void CpuBackend::do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates, const Tensor& cell,
                         const Tensor& hidden) {
  const std::int64_t channels = cell.dimension(-1);
  const LstmForward arguments{hidden.dtype(), cell_previous.data<float>(), data_or_null(peephole),
                              gates.raw(),    cell.data<float>(),          hidden.raw(),
                              channels};
  const auto kernel = HWY_DYNAMIC_DISPATCH(lstm_range);
  parallel_for(threads_, cell.elements() / channels, kGrain / (4 * channels) + 1,
               [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

void CpuBackend::do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                               const Tensor& hidden) {
  const std::int64_t channels = cell.dimension(-1);
  const LstmState arguments{hidden.dtype(), cell_previous.data<float>(), gates.raw(), cell.data<float>(), hidden.raw(),
                            channels};
  const auto kernel = HWY_DYNAMIC_DISPATCH(lstm_state_range);
  parallel_for(threads_, cell.elements() / channels, kGrain / (4 * channels) + 1,
               [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last); });
}

void CpuBackend::do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole,
                                  const Tensor& dhidden, const Tensor& gates, const Tensor& dcell,
                                  const Tensor& dpeephole) {
  const std::int64_t channels = cell.dimension(-1);
  const std::int64_t pixels = cell.elements() / channels;
  const LstmBackward arguments{dhidden.dtype(),     cell_previous.data<float>(),
                               cell.data<float>(),  data_or_null(peephole),
                               dhidden.raw(),       gates.raw(),
                               dcell.data<float>(), channels};
  const auto kernel = HWY_DYNAMIC_DISPATCH(lstm_backward_range);
  if (!dpeephole) {
    parallel_for(threads_, pixels, kGrain / (4 * channels) + 1,
                 [&](std::int64_t first, std::int64_t last) { kernel(arguments, first, last, nullptr); });
    return;
  }
  if (threads_.idle()) return;
  // Each thread sums its own piece in double; the pieces are added in their order.
  std::vector<std::vector<double>> partial(static_cast<std::size_t>(threads_));
  parallel_for(threads_, threads_, 1, [&](std::int64_t first_piece, std::int64_t last_piece) {
    for (std::int64_t piece = first_piece; piece < last_piece; ++piece) {
      std::vector<double>& total = partial[static_cast<std::size_t>(piece)];
      total.assign(static_cast<std::size_t>(3 * channels), 0.0);
      std::vector<float> sums(total.size());
      const std::int64_t end = pixels * (piece + 1) / threads_;
      for (std::int64_t first = pixels * piece / threads_; first < end; first += kPixelsAtOnce) {
        std::fill(sums.begin(), sums.end(), 0.0f);
        kernel(arguments, first, std::min(end, first + kPixelsAtOnce), sums.data());
        for (std::size_t k = 0; k < sums.size(); ++k) total[k] += static_cast<double>(sums[k]);
      }
    }
  });
  float* to = dpeephole.data<float>();
  for (std::int64_t k = 0; k < 3 * channels; ++k) {
    double sum = static_cast<double>(to[k]);
    for (const std::vector<double>& total : partial) sum += total[static_cast<std::size_t>(k)];
    to[k] = static_cast<float>(sum);
  }
}

}  // namespace nextframe::cpu
#endif  // HWY_ONCE
