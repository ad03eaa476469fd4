#pragma once

#include <cstdint>

#include "core/backend/specs.h"

namespace nextframe::cpu {

/// What the gate kernels of every instruction set take: addresses of the first pixel, all arrays [pixels, C or 2C, 3C,
/// 4C]. Named as the operations of the seam name them; `channels` is C.

struct LstmForward {
  const float* cell_previous;
  const float* peephole;  ///< [3C] or null
  float* gates;
  float* cell;
  float* hidden;
  std::int64_t channels;
};

struct LstmBackward {
  const float* cell_previous;
  const float* cell;
  const float* peephole;  ///< [3C] or null
  const float* dhidden;
  float* gates;
  float* dcell;
  std::int64_t channels;
};

struct GruAfterForward {
  const float* hidden_gates;
  const float* hidden_previous;
  float* gates;
  float* hidden_candidate;
  float* hidden;
  std::int64_t channels;
  Activation candidate;
  float slope;
};

struct GruAfterBackward {
  const float* hidden_candidate;
  const float* hidden_previous;
  const float* dhidden;
  float* gates;
  float* dhidden_gates;
  float* dhidden_previous;
  std::int64_t channels;
  Activation candidate;
  float slope;
};

struct GruBeforeGates {
  const float* hidden_previous;
  float* gates;
  float* reset_hidden;
  std::int64_t channels;
};

struct GruBeforeOutput {
  const float* gates;
  const float* hidden_previous;
  float* candidate;
  float* hidden;
  std::int64_t channels;
  Activation candidate_activation;
  float slope;
};

struct GruBeforeOutputBackward {
  const float* hidden_previous;
  const float* dhidden;
  float* candidate;
  float* gates;
  float* dhidden_previous;
  std::int64_t channels;
  Activation candidate_activation;
  float slope;
};

struct GruBeforeGatesBackward {
  const float* hidden_previous;
  const float* dreset_hidden;
  float* gates;
  float* dhidden_previous;
  std::int64_t channels;
};

}  // namespace nextframe::cpu
