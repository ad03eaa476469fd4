#include "core/backend/cuda/cuda_backend.h"

#include "core/base/error.h"

namespace nextframe {

std::unique_ptr<Backend> make_cuda_backend() {
  reject("[device] got \"cuda\", but this program was built without CUDA; use --device cpu");
}

bool cuda_is_available() { return false; }

}  // namespace nextframe
