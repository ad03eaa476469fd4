#pragma once

#include <array>
#include <optional>
#include <vector>

#include "core/frames/frame_source.h"
#include "core/frames/radar/quantity.h"
#include "core/frames/radar/raster_output.h"

namespace nextframe {

struct RainOutputOptions {
  Quantity quantity = Quantity::kRate;   ///< of the first channel
  double step_seconds = 0;               ///< from one lead time to the next
  std::vector<double> thresholds = {};   ///< mm/h: a channel each with the share of pixels that reach it
  double radius_km = 10;                 ///< of the pixels that are counted for it
  std::array<double, 2> pixel_km{1, 1};  ///< height and width of a pixel
};

/// What is written of a forecast of rain: amounts in a unit that was asked for, and the probability that a rate is
/// exceeded, as the share of the pixels within a radius that do.
class RainOutput {
 public:
  /// Rejects a source that measures no rain, and an accumulation of an interval that is not known.
  RainOutput(const RainOutputOptions& options, const SourceInfo& source);

  std::vector<RasterLayer> layers() const;
  const std::vector<double>& thresholds() const { return options_.thresholds; }
  double radius_km() const { return options_.radius_km; }
  /// Above 0 for accumulations: the time that they cover.
  double interval_seconds() const {
    return written_.quantity == Quantity::kAccumulation ? written_.interval_seconds : 0;
  }
  /// The frame of a source, or a forecast in its unit, as those layers; the mask stays.
  Frame convert(const Frame& frame) const;

 private:
  RainOutputOptions options_;
  Measurement read_;
  Measurement written_;
};

}  // namespace nextframe
