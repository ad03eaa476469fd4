#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/baselines/options.h"
#include "core/motion/field.h"

namespace nextframe {

/// The frames that a forecast may know, oldest first: [T,N,H,W,C].
struct ContextFrames {
  const float* frames = nullptr;  ///< what stands in missing pixels does not matter, and may be NaN
  const float* mask = nullptr;    ///< [T,N,H,W,1], a pixel is known where it is not 0; null: all are
  std::int64_t length = 0;
  std::int64_t sequences = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 1;
  FieldKind kind = FieldKind::kPicture;

  /// Pixels and elements of all sequences' frames of one time.
  std::int64_t step_pixels() const { return sequences * height * width; }
  std::int64_t step() const { return step_pixels() * channels; }
};

struct BaselineForecast {
  std::vector<float> frames;  ///< [L,N,H,W,C], finite; where nothing is known the last known value, else 0
  std::vector<float> mask;    ///< [L,N,H,W,1], 1 where the forecast knows, 0 where not; empty: it knows everywhere
};

/// A forecast that learns nothing, or no more than a mean: what a model has to beat.
class Baseline {
 public:
  Baseline() = default;
  Baseline(const Baseline&) = delete;
  Baseline& operator=(const Baseline&) = delete;
  virtual ~Baseline() = default;

  /// The next `horizon` frames. Fails for a context without a frame.
  BaselineForecast forecast(const ContextFrames& context, std::int64_t horizon) const;

  /// Whether frames to train on make a difference, and the way to show them, batch by batch and all of one size.
  virtual bool learns() const { return false; }
  virtual void learn(const ContextFrames&) {}

 private:
  /// Fills [L,N,H,W,C], which holds the last known values, and the mask, which is all 1 and of full size.
  virtual void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const = 0;
};

/// One row a baseline.
struct BaselineEntry {
  std::string_view name;
  std::string_view doc;
  std::unique_ptr<Baseline> (*make)(const BaselineOptions& options) = nullptr;
};

using BaselineTable = std::span<const BaselineEntry>;

/// Those that need no other library. all_baselines() in motion_baselines.h has those that follow the motion as well.
BaselineTable engine_baselines();

/// The row of that name; rejects any other and says which there are.
const BaselineEntry& find_baseline(BaselineTable table, std::string_view name);
std::vector<std::string> baseline_names(BaselineTable table);

/// The rows of engine_baselines().
std::unique_ptr<Baseline> make_persistence(const BaselineOptions& options);
std::unique_ptr<Baseline> make_context_mean(const BaselineOptions& options);
std::unique_ptr<Baseline> make_climatology(const BaselineOptions& options);

}  // namespace nextframe
