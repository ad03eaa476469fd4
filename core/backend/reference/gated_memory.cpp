// A state with its own gates, as in an LSTM, and an output of two factors; per pixel and channel:
//   c = f c' + i g, with i = s(a_i), f = s(a_f + forget_bias), g = tanh(a_g)      h = o u, with o = s(a_o), u = tanh(a_u)
// Backward:
//   da_i = dc g i (1-i)   da_f = dc c' f (1-f)   da_g = dc i (1-g^2)   dc' = dc f
//   da_o = dh u o (1-o)   da_u = dh o (1-u^2)

#include <cmath>
#include <cstdint>

#include "core/backend/reference/activation.h"
#include "core/backend/reference/dispatch.h"
#include "core/backend/reference/reference_backend.h"

namespace nextframe {

using reference::dispatch;
using reference::sigmoid;

void ReferenceBackend::do_gated_memory(const GatedMemorySpec& spec, const Tensor& previous, const Tensor& gates,
                                       const Tensor& memory) {
  const std::int64_t channels = memory.dimension(-1);
  dispatch(gates.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    for (std::int64_t k = 0; k < memory.elements(); ++k) {
      T* gate = gates.data<T>() + k / channels * 3 * channels + k % channels;
      double i = gate[0], f = gate[channels], g = gate[2 * channels];
      if (spec.gates == GateValues::kPreActivation) {
        i = sigmoid(i);
        f = sigmoid(f + spec.forget_bias);
        g = std::tanh(g);
        gate[0] = static_cast<T>(i);
        gate[channels] = static_cast<T>(f);
        gate[2 * channels] = static_cast<T>(g);
      }
      memory.data<E>()[k] = static_cast<E>(f * previous.data<E>()[k] + i * g);
    }
  });
}

void ReferenceBackend::do_gated_memory_backward(const Tensor& previous, const Tensor& gates, const Tensor& dmemory) {
  const std::int64_t channels = dmemory.dimension(-1);
  dispatch(gates.dtype(), [&](auto type) {
    using T = decltype(type);
    using E = Exact<T>;
    for (std::int64_t k = 0; k < dmemory.elements(); ++k) {
      T* gate = gates.data<T>() + k / channels * 3 * channels + k % channels;
      const double i = gate[0], f = gate[channels], g = gate[2 * channels];
      const double dc = dmemory.data<E>()[k];
      gate[0] = static_cast<T>(dc * g * i * (1.0 - i));
      gate[channels] = static_cast<T>(dc * previous.data<E>()[k] * f * (1.0 - f));
      gate[2 * channels] = static_cast<T>(dc * i * (1.0 - g * g));
      dmemory.data<E>()[k] = static_cast<E>(dc * f);
    }
  });
}

void ReferenceBackend::do_gated_output(GateValues values, const Tensor& gate, const Tensor& content,
                                       const Tensor& hidden) {
  dispatch(gate.dtype(), [&](auto type) {
    using T = decltype(type);
    for (std::int64_t k = 0; k < hidden.elements(); ++k) {
      double o = gate.data<T>()[k], u = content.data<T>()[k];
      if (values == GateValues::kPreActivation) {
        o = sigmoid(o);
        u = std::tanh(u);
        gate.data<T>()[k] = static_cast<T>(o);
        content.data<T>()[k] = static_cast<T>(u);
      }
      hidden.data<T>()[k] = static_cast<T>(o * u);
    }
  });
}

void ReferenceBackend::do_gated_output_backward(const Tensor& dhidden, const Tensor& gate, const Tensor& content) {
  dispatch(gate.dtype(), [&](auto type) {
    using T = decltype(type);
    for (std::int64_t k = 0; k < dhidden.elements(); ++k) {
      const double o = gate.data<T>()[k], u = content.data<T>()[k], dh = dhidden.data<T>()[k];
      gate.data<T>()[k] = static_cast<T>(dh * u * o * (1.0 - o));
      content.data<T>()[k] = static_cast<T>(dh * o * (1.0 - u * u));
    }
  });
}

}  // namespace nextframe
