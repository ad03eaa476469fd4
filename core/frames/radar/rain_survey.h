#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/frames/frame_source.h"

namespace nextframe {

/// Rain rates, in mm/h, whose share of the valid pixels is counted.
inline constexpr std::array<double, 4> kSurveyRates{0.1, 1, 5, 20};

/// One time step of a recording of rain.
struct RainMoment {
  UtcSeconds time = kNoTime;
  double missing = 0;                               ///< share of the pixels
  std::array<double, kSurveyRates.size()> share{};  ///< of the valid pixels that have at least this rate
  double mean_rate = 0;                             ///< mm/h over the valid pixels; 0 where there is none
};

/// A stretch of time without any frame that is longer than what is filled.
struct TimeGap {
  UtcSeconds from = kNoTime;  ///< the last frame before it
  UtcSeconds to = kNoTime;    ///< the first one after it
};

/// What a recording of rain holds, collected frame by frame; memory grows by one RainMoment a frame.
class RainSurvey {
 public:
  /// `step_seconds`: from one frame to the next; 0 = not known.
  explicit RainSurvey(double step_seconds) : step_seconds_(step_seconds) {}

  /// Pixels in mm/h.
  void add(const Frame& rates);

  const std::vector<RainMoment>& moments() const { return moments_; }
  const std::vector<TimeGap>& gaps() const { return gaps_; }
  /// Frames that stand in for files that are missing or cannot be read.
  const std::vector<std::string>& problems() const { return problems_; }
  std::int64_t pixels() const { return pixels_; }
  std::int64_t valid_pixels() const { return valid_; }
  double largest_rate() const { return largest_rate_; }
  /// Over all valid pixels; 0 where there is none.
  double mean_rate() const { return valid_ > 0 ? sum_ / static_cast<double>(valid_) : 0; }
  double share(std::size_t rate) const {
    return valid_ > 0 ? static_cast<double>(counts_[rate]) / static_cast<double>(valid_) : 0;
  }
  /// The frame with the most rain, of several the first; without pixels before the first frame was added.
  const Frame& wettest() const { return wettest_; }

 private:
  double step_seconds_;
  std::vector<RainMoment> moments_;
  std::vector<TimeGap> gaps_;
  std::vector<std::string> problems_;
  std::int64_t pixels_ = 0;
  std::int64_t valid_ = 0;
  std::array<std::int64_t, kSurveyRates.size()> counts_{};
  double sum_ = 0;
  double largest_rate_ = 0;
  double most_rain_ = -1;
  Frame wettest_;
};

}  // namespace nextframe
