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
  DType dtype = DType::kFloat32;  ///< of activations

  DType exact_dtype() const { return exact_of(dtype); }
  Tensor allocate(const Shape& shape) const { return backend.allocate(shape, dtype); }
  /// For what must not be rounded to the activations' type: cell states, statistics, sums for parameters, frames.
  Tensor allocate_exact(const Shape& shape) const { return backend.allocate(shape, exact_dtype()); }
};

}  // namespace nextframe
