#include "core/optim/optimizer.h"

#include "core/base/error.h"

namespace nextframe {
namespace {

const OptimizerEntry& entry_of(OptimizerRule rule) {
  for (const OptimizerEntry& entry : kOptimizers) {
    if (entry.rule == rule) return entry;
  }
  fail("[optim] update rule {} has no row in the table", static_cast<int>(rule));
}

}  // namespace

Optimizer::Optimizer(Backend& backend, const OptimizerOptions& options, const GradientClipping& clipping,
                     const Tensor& values, const Tensor& gradients)
    : backend_(backend), options_(options), clipping_(clipping), values_(values), gradients_(gradients) {
  const OptimizerEntry& entry = entry_of(options.type);
  const Part part(backend, "optimizer");
  if (entry.first || options.momentum > 0) first_ = backend.zeros(values.shape(), values.dtype());
  if (entry.second) second_ = backend.zeros(values.shape(), values.dtype());
  norm_ = backend.zeros({1}, DType::kFloat64);
}

double Optimizer::measure_gradient() {
  backend_.euclidean_norm(gradients_, norm_);
  double norm = 0;
  backend_.download(norm_, &norm);
  return norm;
}

void Optimizer::step(double lr) {
  ++steps_;
  const OptimizerSpec spec{.rule = options_.type,
                           .lr = lr,
                           .beta1 = options_.beta1,
                           .beta2 = options_.beta2,
                           .alpha = options_.alpha,
                           .epsilon = options_.epsilon,
                           .momentum = options_.momentum,
                           .weight_decay = options_.weight_decay,
                           .clip_norm = clipping_.norm,
                           .clip_value = clipping_.value,
                           .step = steps_};
  backend_.optimizer_step(spec, gradients_, norm_, values_, first_, second_);
}

}  // namespace nextframe
