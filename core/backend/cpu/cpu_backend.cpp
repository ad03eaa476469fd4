#include "core/backend/cpu/cpu_backend.h"

#include <hwy/highway.h>
#include <omp.h>

#include <cstring>
#include <utility>

#include "core/backend/cpu/backend_impl.h"
#include "core/backend/cpu/convolution_plan.h"
#include "core/backend/cpu/winograd.h"
#include "core/base/error.h"

namespace nextframe {

namespace cpu {

CpuBackend::CpuBackend(const CpuOptions& options, std::shared_ptr<MemoryTrace> trace)
    : threads_(options.threads > 0 ? options.threads : omp_get_num_procs(),
               trace ? Threads::Work::kPlan : Threads::Work::kPerform),
      trace_(std::move(trace)),
      pool_(MemoryPool::create(trace_)),
      plans_(std::make_unique<ConvolutionPlans>(threads_, pool_)),
      winograd_(std::make_unique<Winograd>(threads_, pool_)) {}

CpuBackend::~CpuBackend() = default;

Bf16Support CpuBackend::bf16_support() const {
  return onednn_has_bf16() ? Bf16Support::kNative : Bf16Support::kEmulated;
}

std::string_view CpuBackend::instructions() const { return onednn_instructions(); }

namespace {

Tensor take(MemoryPool& pool, const Shape& shape, DType dtype, MemoryUse use) {
  const std::size_t bytes = static_cast<std::size_t>(shape.elements()) * size_of(dtype);
  return Tensor(pool.allocate(bytes, use), 0, shape, dtype);
}

}  // namespace

Tensor CpuBackend::allocate(const Shape& shape, DType dtype) { return take(*pool_, shape, dtype, MemoryUse::kTensor); }

Tensor CpuBackend::workspace(const Shape& shape, DType dtype) {
  return take(*pool_, shape, dtype, MemoryUse::kWorkspace);
}

std::unique_ptr<Backend> CpuBackend::make_planner(std::shared_ptr<MemoryTrace> trace) const {
  return std::make_unique<CpuBackend>(CpuOptions{.threads = threads_}, std::move(trace));
}

void CpuBackend::begin_plan(std::shared_ptr<const MemoryPlan> plan) {
  if (!trace_) pool_->begin_plan(std::move(plan));
}

void CpuBackend::upload(const void* host, const Tensor& to) {
  if (to.bytes() > 0 && !threads_.idle()) std::memcpy(to.raw(), host, to.bytes());
}

void CpuBackend::download(const Tensor& from, void* host) {
  if (from.bytes() == 0) return;
  if (threads_.idle()) {
    std::memset(host, 0, from.bytes());
  } else {
    std::memcpy(host, from.raw(), from.bytes());
  }
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
