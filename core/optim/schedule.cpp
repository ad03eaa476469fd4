#include "core/optim/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.h"

namespace nextframe {
namespace {

/// From `start` at 0 to `end` at 1 along half a cosine.
double cosine_between(double start, double end, double share) {
  return end + (start - end) / 2 * (1 + std::cos(std::numbers::pi * share));
}

ScheduleShape shape_of(ScheduleType type) {
  for (const ScheduleEntry& entry : kSchedules) {
    if (entry.type == type) return entry.shape;
  }
  fail("[optim] schedule {} has no row in the table", static_cast<int>(type));
}

bool improves(double score, double best, double threshold, Goal goal) {
  if (std::isnan(score)) return false;
  if (std::isnan(best)) return true;
  return goal == Goal::kMinimum ? score < best * (1 - threshold) : score > best * (1 + threshold);
}

}  // namespace

double constant_shape(const ScheduleOptions&, std::int64_t, std::int64_t) { return 1; }

double step_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t) {
  return std::pow(options.factor, static_cast<double>(step / options.every));
}

double cosine_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t total) {
  const double share = total > 0 ? static_cast<double>(step) / static_cast<double>(total) : 1;
  return cosine_between(1, options.final_factor, std::clamp(share, 0.0, 1.0));
}

double one_cycle_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t total) {
  const double position = static_cast<double>(step);
  const double peak = options.pct_start * static_cast<double>(total) - 1;
  const double last = static_cast<double>(total - 1);
  const double first_rate = 1 / options.div;
  if (position <= peak) return peak > 0 ? cosine_between(first_rate, 1, position / peak) : 1;
  const double share = last > peak ? (position - peak) / (last - peak) : 1;
  return cosine_between(1, first_rate / options.final_div, std::clamp(share, 0.0, 1.0));
}

Schedule::Schedule(const ScheduleOptions& options, double lr, std::int64_t total)
    : options_(options), lr_(lr), total_(total), shape_(shape_of(options.type)) {}

double Schedule::rate(std::int64_t step) const {
  const std::int64_t warmup = options_.type == ScheduleType::kOneCycle ? 0 : std::min(options_.warmup, total_);
  if (step < warmup) {
    return lr_ * state_.reduction * static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  return lr_ * state_.reduction * shape_(options_, step - warmup, total_ - warmup);
}

void Schedule::observe(double score, Goal goal) {
  if (options_.type != ScheduleType::kPlateau) return;
  if (improves(score, state_.best, options_.threshold, goal)) {
    state_.best = score;
    state_.bad = 0;
  } else {
    ++state_.bad;
  }
  if (state_.cooling > 0) {
    --state_.cooling;
    state_.bad = 0;
  }
  if (state_.bad > options_.patience) {
    const double lowest = lr_ > 0 ? options_.min_lr / lr_ : 0;
    state_.reduction = std::max(state_.reduction * options_.factor, std::min(lowest, state_.reduction));
    state_.cooling = options_.cooldown;
    state_.bad = 0;
  }
}

}  // namespace nextframe
