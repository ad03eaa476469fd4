#pragma once

#include <memory>

#include "core/backend/backend.h"

namespace nextframe {

/// The GPU backend. Rejects with what is missing where the program was built without CUDA or the machine has no GPU.
std::unique_ptr<Backend> make_cuda_backend();

/// Whether make_cuda_backend() would succeed.
bool cuda_is_available();

}  // namespace nextframe
