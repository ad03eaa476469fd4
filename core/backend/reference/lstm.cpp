// Per pixel and channel, a_i, a_f, a_g, a_o the summed pre-activations in gates [.., 4C]:
//   i = s(a_i + Pi c')   f = s(a_f + Pf c')   g = tanh(a_g)   c = f c' + i g   o = s(a_o + Po c)   h = o tanh(c)
// Backward, with dc the gradient that reaches c from later steps:
//   da_o = dh tanh(c) o (1-o)            dc += dh o (1 - tanh(c)^2) + Po da_o
//   da_i = dc g i (1-i)   da_f = dc c' f (1-f)   da_g = dc i (1-g^2)
//   dc'  = dc f + Pi da_i + Pf da_f      dPi += da_i c'   dPf += da_f c'   dPo += da_o c

#include <cmath>
#include <cstdint>
#include <vector>

#include "core/backend/reference/activation.h"
#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

using reference::data_or_null;
using reference::dispatch;
using reference::sigmoid;

void ReferenceBackend::do_lstm(const Tensor& cell_previous, const Tensor& peephole, const Tensor& gates,
                               const Tensor& cell, const Tensor& hidden) {
  const std::int64_t channels = cell.dimension(-1);
  const std::int64_t pixels = cell.elements() / channels;
  dispatch(hidden.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    const E* before = cell_previous.data<E>();
    const E* p = data_or_null<E>(peephole);
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      T* gate = gates.data<T>() + pixel * 4 * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t k = pixel * channels + c;
        const double old = before[k];
        const double i = sigmoid(gate[c] + (p ? p[c] * old : 0.0));
        const double f = sigmoid(gate[channels + c] + (p ? p[channels + c] * old : 0.0));
        const double g = std::tanh(static_cast<double>(gate[2 * channels + c]));
        const double now = f * old + i * g;
        const double o = sigmoid(gate[3 * channels + c] + (p ? p[2 * channels + c] * now : 0.0));
        gate[c] = static_cast<T>(i);
        gate[channels + c] = static_cast<T>(f);
        gate[2 * channels + c] = static_cast<T>(g);
        gate[3 * channels + c] = static_cast<T>(o);
        cell.data<E>()[k] = static_cast<E>(now);
        hidden.data<T>()[k] = static_cast<T>(o * std::tanh(now));
      }
    }
  });
}

void ReferenceBackend::do_lstm_state(const Tensor& cell_previous, const Tensor& gates, const Tensor& cell,
                                     const Tensor& hidden) {
  const std::int64_t channels = cell.dimension(-1);
  dispatch(hidden.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    for (std::int64_t k = 0; k < cell.elements(); ++k) {
      const T* gate = gates.data<T>() + k / channels * 4 * channels + k % channels;
      const double i = gate[0], f = gate[channels], g = gate[2 * channels], o = gate[3 * channels];
      const double now = f * cell_previous.data<E>()[k] + i * g;
      cell.data<E>()[k] = static_cast<E>(now);
      hidden.data<T>()[k] = static_cast<T>(o * std::tanh(now));
    }
  });
}

void ReferenceBackend::do_lstm_backward(const Tensor& cell_previous, const Tensor& cell, const Tensor& peephole,
                                        const Tensor& dhidden, const Tensor& gates, const Tensor& dcell,
                                        const Tensor& dpeephole) {
  const std::int64_t channels = cell.dimension(-1);
  const std::int64_t pixels = cell.elements() / channels;
  dispatch(dhidden.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    const E* p = data_or_null<E>(peephole);
    std::vector<double> dp(static_cast<std::size_t>(3 * channels), 0.0);
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
      T* gate = gates.data<T>() + pixel * 4 * channels;
      for (std::int64_t c = 0; c < channels; ++c) {
        const std::int64_t k = pixel * channels + c;
        const double i = gate[c], f = gate[channels + c], g = gate[2 * channels + c], o = gate[3 * channels + c];
        const double old = cell_previous.data<E>()[k];
        const double now = cell.data<E>()[k];
        const double dh = dhidden.data<T>()[k];
        const double t = std::tanh(now);
        const double da_o = dh * t * o * (1.0 - o);
        const double dc = dcell.data<E>()[k] + dh * o * (1.0 - t * t) + (p ? p[2 * channels + c] * da_o : 0.0);
        const double da_i = dc * g * i * (1.0 - i);
        const double da_f = dc * old * f * (1.0 - f);
        gate[c] = static_cast<T>(da_i);
        gate[channels + c] = static_cast<T>(da_f);
        gate[2 * channels + c] = static_cast<T>(dc * i * (1.0 - g * g));
        gate[3 * channels + c] = static_cast<T>(da_o);
        dcell.data<E>()[k] = static_cast<E>(dc * f + (p ? p[c] * da_i + p[channels + c] * da_f : 0.0));
        const std::size_t place = static_cast<std::size_t>(c), step = static_cast<std::size_t>(channels);
        dp[place] += da_i * old;
        dp[place + step] += da_f * old;
        dp[place + 2 * step] += da_o * now;
      }
    }
    if (!p) return;
    for (std::size_t c = 0; c < dp.size(); ++c) dpeephole.data<E>()[c] = static_cast<E>(dpeephole.data<E>()[c] + dp[c]);
  });
}

}  // namespace nextframe
