#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

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

/// What gates hold before an operation: pre-activations, which it activates in place, or what it left there.
enum class GateValues { kPreActivation, kActivated };

struct GatedMemorySpec {
  GateValues gates = GateValues::kPreActivation;
  double forget_bias = 0;  ///< added to the forget gate's pre-activation
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
    return (length + std::int64_t{2} * pad - dilation * (kernel - 1) - 1) / stride + 1;
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

/// A factor on a pixel's loss that goes by what was observed there: weights[i] where i of the thresholds are at most the
/// target.
struct TargetWeights {
  std::vector<double> thresholds;  ///< increasing
  std::vector<double> weights;     ///< one more than thresholds; both empty: 1 everywhere
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
  TargetWeights target_weights{};
};

enum class FrameLoss { kSpectral, kStructure };

/// The loss l of one channel of one frame as a whole, p the prediction and t the target.
///
/// kSpectral: (1/v) sum over frequencies of (|P| - |T|)^2, P and T the unitary Fourier transforms of p and t with missing
/// pixels 0, v the number of pixels that are not missing: the amplitude loss of Yan et al. 2024 (Fourier Amplitude and
/// Correlation Loss). At most the mean squared error, and 0 for a target that is merely displaced: it asks for the
/// target's scales, not for their places, so that blurring costs what it removes from the spectrum. The derivative of |P|
/// is 0 where P is 0.
///
/// kStructure: 1 - the mean structural similarity (Wang et al. 2004) over all 11x11 windows (Gaussian, deviation 1.5) that
/// lie wholly in the frame and hold no missing pixel, with C1 = (0.01 range)^2, C2 = (0.03 range)^2; 0 where there is no
/// such window.
struct FrameLossSpec {
  FrameLoss kind = FrameLoss::kSpectral;
  double range = 1.0;   ///< of kStructure: from the smallest value that a pixel can take to the largest
  double weight = 1.0;  ///< of this term in the sum
  double scale = 1.0;   ///< one over the valid weight of the accumulated batch
};

/// The row of weights whose product with itself is the window of FrameLoss::kStructure; their sum is 1.
inline constexpr int kStructureWindow = 11;
std::array<double, kStructureWindow> structure_window();

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
