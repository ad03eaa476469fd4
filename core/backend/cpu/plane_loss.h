#pragma once

#include <cstdint>

#include "core/backend/specs.h"

namespace nextframe::cpu {

/// One channel of one frame, [H,W] one row after the other, for a loss of the frame as a whole (see FrameLossSpec).
struct LossPlane {
  std::int64_t height = 0;
  std::int64_t width = 0;
  const float* prediction = nullptr;    ///< 0 where missing
  const float* target = nullptr;        ///< 0 where missing
  const std::uint8_t* valid = nullptr;  ///< 1, or 0 where missing; one at least is 1
  float* derivative = nullptr;          ///< written; or null

  std::int64_t area() const { return height * width; }
};

/// Write the derivative of the loss by the prediction and return the loss. They run on the calling thread.
double spectral_loss(const LossPlane& plane);
double structure_loss(const LossPlane& plane, float range);

}  // namespace nextframe::cpu
