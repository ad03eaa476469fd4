#include "core/backend/factory.h"

#include "core/backend/cpu/cpu_backend.h"
#include "core/backend/cuda/cuda_backend.h"

namespace nextframe {

std::unique_ptr<Backend> make_backend(const BackendOptions& options) {
  const bool cuda = options.device == Device::kCuda || (options.device == Device::kAuto && cuda_is_available());
  if (cuda) return make_cuda_backend();
  return make_cpu_backend({.threads = options.threads});
}

}  // namespace nextframe
