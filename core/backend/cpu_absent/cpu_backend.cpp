#include "core/backend/cpu/cpu_backend.h"

#include "core/backend/reference/reference_backend.h"

namespace nextframe {

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions&) { return std::make_unique<ReferenceBackend>(); }

std::string describe_cpu_libraries() { return "plain loops only: built without oneDNN and Highway"; }

}  // namespace nextframe
