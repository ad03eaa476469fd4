#pragma once

#include "core/backend/backend.h"
#include "core/nn/parameter_set.h"

namespace nextframe {

/// Whether a forward pass keeps what backward needs.
enum class Mode { kInference, kTraining };

/// What every layer works with; passed down, never stored globally. All three outlive the layers.
struct Context {
  Backend& backend;
  ParameterSet& parameters;
  DType dtype = DType::kFloat32;

  Tensor allocate(const Shape& shape) const { return backend.allocate(shape, dtype); }
};

}  // namespace nextframe
