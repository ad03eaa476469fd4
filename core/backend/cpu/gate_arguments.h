#pragma once

#include <cstdint>

#include "core/backend/specs.h"
#include "core/tensor/dtype.h"

namespace nextframe::cpu {

/// What the gate kernels of every instruction set take: addresses of the first pixel, all arrays [pixels, C or 2C, 3C,
/// 4C]. Named as the operations of the seam name them; `channels` is C, `dtype` the type of the activations, whose
/// addresses are void*.

struct LstmForward {
  DType dtype;
  const float* cell_previous;
  const float* peephole;  ///< [3C] or null
  void* gates;
  float* cell;
  void* hidden;
  std::int64_t channels;
};

struct LstmState {
  DType dtype;
  const float* cell_previous;
  const void* gates;
  float* cell;
  void* hidden;
  std::int64_t channels;
};

struct LstmBackward {
  DType dtype;
  const float* cell_previous;
  const float* cell;
  const float* peephole;  ///< [3C] or null
  const void* dhidden;
  void* gates;
  float* dcell;
  std::int64_t channels;
};

struct GatedMemoryForward {
  DType dtype;
  const float* previous;
  void* gates;
  float* memory;
  std::int64_t channels;
  bool activated;
  float forget_bias;
};

struct GatedMemoryBackward {
  DType dtype;
  const float* previous;
  void* gates;
  float* dmemory;
  std::int64_t channels;
};

struct GatedOutputForward {
  DType dtype;
  void* gate;
  void* content;
  void* hidden;
  std::int64_t channels;
  bool activated;
};

struct GatedOutputBackward {
  DType dtype;
  const void* dhidden;
  void* gate;
  void* content;
  std::int64_t channels;
};

struct GruAfterForward {
  DType dtype;
  const void* hidden_gates;
  const void* hidden_previous;
  void* gates;
  void* hidden_candidate;
  void* hidden;
  std::int64_t channels;
  Activation candidate;
  float slope;
};

struct GruAfterBackward {
  DType dtype;
  const void* hidden_previous;
  const void* dhidden;
  void* hidden_candidate;
  void* gates;
  void* dhidden_previous;
  std::int64_t channels;
  Activation candidate;
  float slope;
};

struct GruState {
  DType dtype;
  const void* gates;      ///< z,r,n, or z,r beside a candidate
  const void* candidate;  ///< n, or null
  const void* hidden_previous;
  void* hidden;
  std::int64_t channels;
};

struct GruBeforeGates {
  DType dtype;
  const void* hidden_previous;
  void* gates;
  void* reset_hidden;
  std::int64_t channels;
};

struct GruBeforeOutput {
  DType dtype;
  const void* gates;
  const void* hidden_previous;
  void* candidate;
  void* hidden;
  std::int64_t channels;
  Activation candidate_activation;
  float slope;
};

struct GruBeforeOutputBackward {
  DType dtype;
  const void* hidden_previous;
  const void* dhidden;
  void* candidate;
  void* gates;
  void* dhidden_previous;
  std::int64_t channels;
  Activation candidate_activation;
  float slope;
};

struct GruBeforeGatesBackward {
  DType dtype;
  const void* hidden_previous;
  const void* dreset_hidden;
  void* gates;
  void* dhidden_previous;
  std::int64_t channels;
};

}  // namespace nextframe::cpu
