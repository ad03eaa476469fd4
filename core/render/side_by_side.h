#pragma once

#include <cstdint>
#include <string>

#include "core/frames/frame.h"
#include "core/render/picture.h"

namespace nextframe {

enum class TruthPane { kAbsent, kShown };

struct SideBySideOptions {
  std::int64_t height = 0;  ///< of the frames that are shown
  std::int64_t width = 0;
  Appearance appearance = {};
  TruthPane truth = TruthPane::kAbsent;
  std::int64_t least_side = 192;  ///< smaller frames are enlarged by a whole factor
};

/// Pictures of input | truth | forecast, each pane with its label above ("input -3", "truth +5", "forecast +5"; the
/// last observed frame is input 0), and a legend in mm/h below rain. All pictures have one size, so that they make a video.
class SideBySide {
 public:
  explicit SideBySide(const SideBySideOptions& options);

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }

  /// The panes of truth and forecast are empty. `lead_time` is 0 or less.
  Frame input(const Frame& observed, std::int64_t lead_time) const;
  /// `last_input` stays in the first pane; `truth` may be null, its pane is then empty. `seconds`, where not 0, is
  /// shown.
  Frame forecast(const Frame& last_input, const Frame* truth, const Frame& predicted, std::int64_t lead_time,
                 double seconds) const;

 private:
  /// Without any pane yet.
  Picture sheet() const;
  void draw_pane(Picture& picture, int pane, const Frame* frame, const std::string& label, bool is_forecast) const;

  SideBySideOptions options_;
  std::int64_t factor_ = 1;
  std::int64_t pane_width_ = 0;
  std::int64_t pane_height_ = 0;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  Picture legend_;  ///< below frames that are shown as rain
};

}  // namespace nextframe
