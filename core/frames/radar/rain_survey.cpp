#include "core/frames/radar/rain_survey.h"

#include <algorithm>

namespace nextframe {

void RainSurvey::add(const Frame& rates) {
  RainMoment moment;
  moment.time = rates.time;
  std::array<std::int64_t, kSurveyRates.size()> counts{};
  std::int64_t valid = 0;
  double sum = 0;
  for (std::size_t i = 0; i < rates.pixels.size(); ++i) {
    if (!rates.mask.empty() && rates.mask[i / static_cast<std::size_t>(rates.channels)] == 0) continue;
    const double rate = rates.pixels[i];
    ++valid;
    sum += rate;
    largest_rate_ = std::max(largest_rate_, rate);
    for (std::size_t k = 0; k < counts.size(); ++k) counts[k] += rate >= kSurveyRates[k] ? 1 : 0;
  }
  const auto all = static_cast<std::int64_t>(rates.pixels.size());
  if (all > 0) moment.missing = static_cast<double>(all - valid) / static_cast<double>(all);
  if (valid > 0) {
    moment.mean_rate = sum / static_cast<double>(valid);
    for (std::size_t k = 0; k < counts.size(); ++k) {
      moment.share[k] = static_cast<double>(counts[k]) / static_cast<double>(valid);
    }
  }
  if (!moments_.empty() && rates.time != kNoTime && step_seconds_ > 0 &&
      static_cast<double>(rates.time - moments_.back().time) > 1.5 * step_seconds_) {
    gaps_.push_back({moments_.back().time, rates.time});
  }
  if (!rates.problem.empty()) problems_.push_back(rates.problem);
  pixels_ += all;
  valid_ += valid;
  sum_ += sum;
  for (std::size_t k = 0; k < counts.size(); ++k) counts_[k] += counts[k];
  if (sum > most_rain_) {
    most_rain_ = sum;
    wettest_ = rates;
  }
  moments_.push_back(moment);
}

}  // namespace nextframe
