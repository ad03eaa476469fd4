#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/backend/backend.h"

namespace nextframe {

/// One row an update rule: its name in the configuration and the moments it keeps.
struct OptimizerEntry {
  std::string_view name;
  OptimizerRule rule;
  bool first;   ///< keeps a first moment always; the others only with momentum
  bool second;  ///< keeps a second moment
};

inline constexpr std::array<OptimizerEntry, 4> kOptimizers{{
    {"adam", OptimizerRule::kAdam, true, true},
    {"adamw", OptimizerRule::kAdamW, true, true},
    {"rmsprop", OptimizerRule::kRmsProp, false, true},
    {"sgd", OptimizerRule::kSgd, false, false},
}};

constexpr auto enum_names(OptimizerRule) {
  std::array<std::pair<std::string_view, OptimizerRule>, kOptimizers.size()> names{};
  for (std::size_t i = 0; i < kOptimizers.size(); ++i) names[i] = {kOptimizers[i].name, kOptimizers[i].rule};
  return names;
}

/// The update rule and its constants, as in PyTorch; OptimizerSpec holds the formulas.
struct OptimizerOptions {
  OptimizerRule type = OptimizerRule::kAdam;
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double momentum = 0;
  double weight_decay = 0;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("type", type, {.doc = "update rule"});
    v.field("lr", lr, {.doc = "learning rate, the highest one of the schedule", .min = 0, .max = 10});
    v.field("beta1", beta1, {.doc = "decay of the first moment (adam, adamw)", .min = 0, .max = 0.999999});
    v.field("beta2", beta2, {.doc = "decay of the second moment (adam, adamw)", .min = 0, .max = 0.9999999});
    v.field("alpha", alpha, {.doc = "decay of the squared gradient (rmsprop)", .min = 0, .max = 0.9999999});
    v.field("epsilon", epsilon,
            {.doc = "added to the root of the second moment (adam, adamw, rmsprop)", .min = 0, .exclusive_min = true});
    v.field("momentum", momentum, {.doc = "momentum (rmsprop, sgd)", .min = 0, .max = 0.999999});
    v.field("weight_decay", weight_decay,
            {.doc = "pull of the weights to zero; added to the gradient (adam, rmsprop, sgd) or applied apart (adamw)",
             .min = 0});
  }
};

/// Limits on the gradient before a step; 0 switches one off.
struct GradientClipping {
  double norm = 0;   ///< largest global norm; the gradient is scaled down to it
  double value = 0;  ///< largest absolute value of one element, after the norm
};

/// An update rule over a model's flat parameter buffer. Whoever owns the parameters announces their change.
class Optimizer {
 public:
  /// `values` and `gradients` are flat, of equal shape, and stay the owner's.
  Optimizer(Backend& backend, const OptimizerOptions& options, const GradientClipping& clipping, const Tensor& values,
            const Tensor& gradients);

  /// The gradient's global norm before clipping. Waits for the backend. To be called before each `step`.
  double measure_gradient();
  /// One update with the learning rate given.
  void step(double lr);

  /// Steps done so far; set when a run is resumed.
  std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }
  /// The moments, empty where the rule keeps none.
  const Tensor& first_moment() const { return first_; }
  const Tensor& second_moment() const { return second_; }

 private:
  Backend& backend_;
  OptimizerOptions options_;
  GradientClipping clipping_;
  Tensor values_;
  Tensor gradients_;
  Tensor first_;
  Tensor second_;
  Tensor norm_;  ///< [1] float64
  std::int64_t steps_ = 0;
};

}  // namespace nextframe
