#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/backend/backend.h"
#include "core/loss/loss_options.h"

namespace nextframe {

/// One row a loss: its name in the configuration, how the backend computes it, and where its weight stands.
struct LossEntry {
  std::string_view name;
  PixelLoss kind;
  double LossOptions::*weight;
};

inline constexpr std::array<LossEntry, 4> kLosses{{
    {"mse", PixelLoss::kSquared, &LossOptions::mse},
    {"mae", PixelLoss::kAbsolute, &LossOptions::mae},
    {"huber", PixelLoss::kHuber, &LossOptions::huber},
    {"bce", PixelLoss::kCrossEntropy, &LossOptions::bce},
}};

/// The training loss of a sequence and its gradient.
///
///   loss = sum over terms k of weight_k * (sum over t,n,h,w,c of lead_weights[t] mask l_k(prediction, target)) / V
///   V    = C * sum over t,n,h,w of lead_weights[t] mask
///
/// V is the valid weight of the whole accumulated batch, not of one micro-batch: with all weights 1 and no mask the
/// loss is the plain mean over all elements, and a batch in pieces gives the gradient of the batch at once. Where V is
/// 0 loss and gradient are 0.
class Loss {
 public:
  /// `dtype` is that of the predictions. Rejects lead weights whose number is not `horizon`, that are negative, or all
  /// 0.
  Loss(Backend& backend, DType dtype, const LossOptions& options, std::int64_t horizon);

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
  struct Term {
    PixelLoss kind;
    double weight;
  };

  Backend& backend_;
  double huber_delta_;
  std::vector<Term> terms_;
  std::vector<double> lead_weights_;
  Tensor device_lead_weights_;  ///< [T], empty where all are 1
  Tensor sum_;                  ///< [1] float64
};

}  // namespace nextframe
