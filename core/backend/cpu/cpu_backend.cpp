#include "core/backend/cpu/cpu_backend.h"

#include <hwy/highway.h>
#include <omp.h>

#include <cstring>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/convolution_plan.h"
#include "core/backend/cpu/winograd.h"
#include "core/base/error.h"

namespace nextframe {

namespace cpu {

CpuBackend::CpuBackend(const CpuOptions& options)
    : threads_(options.threads > 0 ? options.threads : omp_get_num_procs()),
      pool_(MemoryPool::create()),
      plans_(std::make_unique<ConvolutionPlans>(threads_, pool_)),
      winograd_(std::make_unique<Winograd>(threads_, pool_)) {}

CpuBackend::~CpuBackend() = default;

Bf16Support CpuBackend::bf16_support() const {
  return onednn_has_bf16() ? Bf16Support::kNative : Bf16Support::kEmulated;
}

std::string_view CpuBackend::instructions() const { return onednn_instructions(); }

Tensor CpuBackend::allocate(const Shape& shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.elements()) * size_of(dtype);
  return Tensor(pool_->allocate(bytes), 0, shape, dtype);
}

void CpuBackend::upload(const void* host, const Tensor& to) {
  if (to.bytes() > 0) std::memcpy(to.raw(), host, to.bytes());
}

void CpuBackend::download(const Tensor& from, void* host) {
  if (from.bytes() > 0) std::memcpy(host, from.raw(), from.bytes());
}

}  // namespace cpu

std::unique_ptr<Backend> make_cpu_backend(const CpuOptions& options) {
  if (options.threads < 0) reject("[cpu] got {} threads, expected 1 or more, or 0 for all", options.threads);
  return std::make_unique<cpu::CpuBackend>(options);
}

std::string describe_cpu_libraries() {
  const std::int64_t supported = hwy::SupportedTargets();
  const std::int64_t best = supported & -supported;  // better targets have lower bits
  return format("{}, Highway {}.{}.{} ({}), bf16 {}", cpu::describe_onednn(), HWY_MAJOR, HWY_MINOR, HWY_PATCH,
                hwy::TargetName(best), cpu::onednn_has_bf16() ? "by its own instructions" : "by way of float32");
}

}  // namespace nextframe
