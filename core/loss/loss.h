#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "core/backend/backend.h"
#include "core/loss/loss_options.h"

namespace nextframe {

/// Whether a pixel's loss goes by what was observed there.
enum class Balance { kNone, kRain };

/// One row a loss: its name in the configuration, how the backend computes it, and where its weight stands.
struct LossEntry {
  std::string_view name;
  std::variant<PixelLoss, FrameLoss> kind;
  double LossOptions::*weight = nullptr;
  Balance balance = Balance::kNone;
};

inline constexpr std::array<LossEntry, 8> kLosses{{
    {"mse", PixelLoss::kSquared, &LossOptions::mse},
    {"mae", PixelLoss::kAbsolute, &LossOptions::mae},
    {"huber", PixelLoss::kHuber, &LossOptions::huber},
    {"bce", PixelLoss::kCrossEntropy, &LossOptions::bce},
    {"bmse", PixelLoss::kSquared, &LossOptions::bmse, Balance::kRain},
    {"bmae", PixelLoss::kAbsolute, &LossOptions::bmae, Balance::kRain},
    {"spectral", FrameLoss::kSpectral, &LossOptions::spectral},
    {"ssim", FrameLoss::kStructure, &LossOptions::ssim},
}};

/// What the losses have to know of the numbers that the network sees.
struct LossUnit {
  double range = 1;  ///< from the smallest value that a pixel can take to the largest
  /// Those of LossOptions::rain_weights as such numbers; nothing: they are such numbers already.
  std::optional<std::vector<double>> rain_thresholds = {};
};

/// Whether a term goes by rain_weights.
bool uses_rain_weights(const LossOptions& options);

/// The training loss of a sequence and its gradient.
///
///   loss = sum over terms k of weight_k * (sum over t,n,h,w,c of lead_weights[t] mask q_k l_k(prediction, target)) / V
///   V    = C * sum over t,n,h,w of lead_weights[t] mask
///
/// q is 1, or the rain weight of the target in balanced terms. Where l is the loss of a frame as a whole, all pixels of
/// the frame have it.
///
/// V is the valid weight of the whole accumulated batch, not of one micro-batch: with all weights 1 and no mask the
/// loss is the plain mean over all elements, and a batch in pieces gives the gradient of the batch at once. Where V is
/// 0 loss and gradient are 0.
class Loss {
 public:
  /// `dtype` is that of the predictions. Rejects lead weights whose number is not `horizon`, that are negative, or all
  /// 0, and rain weights that do not fit their thresholds.
  Loss(Backend& backend, DType dtype, const LossOptions& options, std::int64_t horizon, const LossUnit& unit = {});

  /// V of one piece [T,N,H,W,C]; `mask` holds T*N*H*W values or nothing (all valid). V of a batch is the sum over
  /// pieces.
  double valid_weight(const Shape& target, std::span<const float> mask) const;

  /// Starts a batch: the sum of its loss goes back to 0.
  void begin();
  /// Adds one piece's part to the sum and writes the gradient to `dprediction` (not where it is empty). `valid_weight`
  /// is V of the whole batch; `mask` is [T,N,H,W,1] or empty.
  void add(const Tensor& prediction, const Tensor& target, const Tensor& mask, double valid_weight,
           const Tensor& dprediction);
  /// The sum since `begin`. Waits for the backend.
  double value();

 private:
  Backend& backend_;
  std::vector<std::variant<PixelLossSpec, FrameLossSpec>> terms_;  ///< their scale is set by add()
  std::vector<double> lead_weights_;
  Tensor device_lead_weights_;  ///< [T], empty where all are 1
  Tensor sum_;                  ///< [1] float64
};

}  // namespace nextframe
