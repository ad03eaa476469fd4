#pragma once

#include <cstdint>
#include <optional>

#include "core/tensor/tensor.h"

namespace nextframe {

/// Whether an operation replaces its output or adds to it.
enum class Write { kOverwrite, kAccumulate };

enum class Activation { kNone, kRelu, kLeaky, kTanh, kSigmoid };

struct ActivationSpec {
  Activation kind = Activation::kNone;
  double slope = 0.2;  ///< of kLeaky for negative values
  bool operator==(const ActivationSpec&) const = default;
};

/// What fills the part of a padded frame that no pixel reaches.
enum class PadFill { kZero, kEdge };

/// Square kernels, zero padding alike on all sides, unless the two sides are rows out of taller frames.
struct ConvolutionSpec {
  int stride = 1;
  int pad = 0;
  int dilation = 1;  ///< 1 = dense
  ActivationSpec activation{};
  /// The rows of zeros above the wide side that its narrow side begins at, in place of `pad`; below it has as many as the
  /// two heights ask for, which then need not match. See Backend::convolution_rows.
  std::optional<std::int64_t> pad_above{};

  std::int64_t above() const { return pad_above.value_or(pad); }

  /// Output length for an input length: floor((length + 2 pad - dilation (kernel-1) - 1) / stride) + 1.
  std::int64_t output_length(std::int64_t length, std::int64_t kernel) const {
    return (length + 2 * pad - dilation * (kernel - 1) - 1) / stride + 1;
  }
  bool operator==(const ConvolutionSpec&) const = default;
};

/// How the processor computes with bf16 operands.
enum class Bf16Support {
  kNative,    ///< instructions of its own: faster than float32
  kEmulated,  ///< by way of float32: saves memory, not time
};

/// Weights as an operation sees them. A backend may keep a reordered copy for as long as (address, version) stay the same;
/// whoever changes the weights gives them a new version from Backend::next_weight_version().
struct WeightView {
  Tensor tensor;
  std::uint64_t version = 0;
};

struct GroupNormSpec {
  int groups = 1;
  double epsilon = 1e-5;
};

enum class PixelLoss { kSquared, kAbsolute, kHuber, kCrossEntropy };

/// e = prediction - target. kSquared: e^2; kAbsolute: |e|, derivative 0 at 0; kHuber: e^2/2 within delta, else
/// delta(|e| - delta/2); kCrossEntropy: -(t log p + (1-t) log(1-p)) with p clamped to [1e-7, 1-1e-7] (derivative from the
/// clamped p).
struct PixelLossSpec {
  PixelLoss kind = PixelLoss::kSquared;
  double delta = 1.0;   ///< of kHuber
  double weight = 1.0;  ///< of this term in the sum
  double scale = 1.0;   ///< one over the valid weight of the accumulated batch
};

enum class OptimizerRule { kAdam, kAdamW, kRmsProp, kSgd };

/// Update rules as in PyTorch, g the clipped gradient, t = `step` counting from 1:
/// kAdam (Kingma and Ba 2015): g += weight_decay p; m, v moving averages; p -= lr m^ / (sqrt(v^) + epsilon).
/// kAdamW (Loshchilov and Hutter 2019): p -= lr weight_decay p, then Adam without decay.
/// kRmsProp: g += weight_decay p; `second` = alpha second + (1-alpha) g^2; u = g / (sqrt(second) + epsilon); with momentum, first = momentum
/// first + u and u = first; p -= lr u.
/// kSgd: g += weight_decay p; with momentum, first = momentum first + g (first = g at step 1) and g = first; p -= lr g.
struct OptimizerSpec {
  OptimizerRule rule = OptimizerRule::kAdam;
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double alpha = 0.99;
  double epsilon = 1e-8;
  double momentum = 0.0;
  double weight_decay = 0.0;
  double clip_norm = 0.0;   ///< 0: off
  double clip_value = 0.0;  ///< 0: off
  std::int64_t step = 1;
};

}  // namespace nextframe
