#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/frames/field_scale.h"
#include "core/frames/region.h"
#include "core/motion/optical_flow.h"

namespace nextframe {

/// Whole frames before the first that is to be forecast, oldest first, in a network's numbers.
struct GuideContext {
  const float* frames = nullptr;       ///< [T,H,W,C]
  const std::uint8_t* mask = nullptr;  ///< [T,H,W], 0 = missing; null: nothing is
  std::int64_t length = 0;             ///< Guide::history() or fewer
  std::int64_t height = 0, width = 0, channels = 1;
  std::int64_t key = -1;  ///< contexts of one key are equal, and what they cost may be saved; negative: unknown
};

/// Makes a first forecast of each lead time for a network to depart from, one lead time after the other. Not to be used
/// from two threads at once.
class Guide {
 public:
  Guide() = default;
  Guide(const Guide&) = delete;
  Guide& operator=(const Guide&) = delete;
  virtual ~Guide() = default;

  /// Frames that it looks at.
  virtual std::int64_t history() const = 0;
  /// Begins a forecast of `horizon` lead times at most, of that part of the frames; `context` is not needed after it.
  virtual void start(const GuideContext& context, const Region& region, std::int64_t horizon) = 0;
  /// The next lead time [h,w,C], in the network's numbers.
  virtual void next(float* frame) = 0;
};

/// A guide of its own for each who asks.
using GuideMaker = std::function<std::unique_ptr<Guide>()>;

/// How guides are made of a model's options: make_extrapolation_guide, where its libraries are there.
using GuideFactory = std::function<std::unique_ptr<Guide>(const FlowOptions&, const FieldScale&)>;

}  // namespace nextframe
