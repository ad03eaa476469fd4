#include "core/render/side_by_side.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/render/drawing.h"
#include "core/render/rain_montage.h"

namespace nextframe {
namespace {

constexpr std::int64_t kBetween = 6;
constexpr std::int64_t kMargin = 6;
constexpr std::int64_t kLabelHeight = 24;
constexpr Rgb kBackground{24, 26, 30};
constexpr Rgb kEmptyPane{40, 43, 49};
constexpr Rgb kInk{235, 235, 235};
constexpr Rgb kForecastInk{255, 183, 77};

}  // namespace

SideBySide::SideBySide(const SideBySideOptions& options)
    : options_(options), factor_(legible_factor(options.height, options.width, options.least_side)) {
  if (options.height < 1 || options.width < 1) {
    fail("[render] side by side: frames of {} x {} pixels", options.width, options.height);
  }
  pane_width_ = options.width * factor_;
  pane_height_ = options.height * factor_;
  const std::int64_t panes = options.truth == TruthPane::kShown ? 3 : 2;
  // Even, so that every video format takes it as it is.
  width_ = (2 * kMargin + panes * pane_width_ + (panes - 1) * kBetween + 1) / 2 * 2;
  height_ = (kMargin + kLabelHeight + pane_height_ + 1) / 2 * 2;
  if (options.appearance.colours != ColourMap::kRain) return;
  legend_ = rain_legend(width_);
  width_ = std::max(width_, legend_.width);
  height_ = (height_ + legend_.height + 1) / 2 * 2;
}

Picture SideBySide::sheet() const {
  Picture picture(height_, width_, kBackground);
  if (legend_.height > 0) paste(picture, legend_, 0, height_ - legend_.height);
  return picture;
}

void SideBySide::draw_pane(Picture& picture, int pane, const Frame* frame, const std::string& label,
                           bool is_forecast) const {
  const std::int64_t x = kMargin + pane * (pane_width_ + kBetween);
  const TextStyle style{.height = 15, .colour = is_forecast ? kForecastInk : kInk, .weight = TextWeight::kBold};
  draw_text(picture, fitted_text(label, static_cast<int>(pane_width_), style), static_cast<double>(x) + 1,
            kLabelHeight / 2.0, style);
  if (frame == nullptr) {
    paste(picture, Picture(pane_height_, pane_width_, kEmptyPane), x, kLabelHeight);
    return;
  }
  if (frame->height != options_.height || frame->width != options_.width) {
    fail("[render] side by side: a frame of {} x {} pixels among {} x {}", frame->width, frame->height, options_.width,
         options_.height);
  }
  paste(picture, enlarged(picture_of(*frame, options_.appearance), factor_), x, kLabelHeight);
}

Frame SideBySide::input(const Frame& observed, std::int64_t lead_time) const {
  Picture picture = sheet();
  int pane = 0;
  draw_pane(picture, pane++, &observed, format("input {}", lead_time), false);
  if (options_.truth == TruthPane::kShown) draw_pane(picture, pane++, nullptr, "truth", false);
  draw_pane(picture, pane, nullptr, "forecast", true);
  return frame_of(picture);
}

Frame SideBySide::forecast(const Frame& last_input, const Frame* truth, const Frame& predicted, std::int64_t lead_time,
                           double seconds) const {
  Picture picture = sheet();
  int pane = 0;
  draw_pane(picture, pane++, &last_input, "input 0", false);
  if (options_.truth == TruthPane::kShown) draw_pane(picture, pane++, truth, format("truth +{}", lead_time), false);
  std::string label = format("forecast +{}", lead_time);
  const TextStyle style{.height = 15, .weight = TextWeight::kBold};
  if (seconds > 0) {
    const std::string with_time =
        label + (seconds >= 60 ? format(" ({:.1f} min)", seconds / 60) : format(" ({:.2f} s)", seconds));
    if (text_width(with_time, style) <= pane_width_) label = with_time;
  }
  draw_pane(picture, pane, &predicted, label, true);
  return frame_of(picture);
}

}  // namespace nextframe
