#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/baselines/cascade.h"
#include "core/baselines/motion_baselines.h"
#include "core/motion/advection.h"

namespace nextframe {
namespace {

/// Decibels of a rate that stand for no rain at all, below those of any threshold.
constexpr double kDryStep = 5;

/// Between rates in mm/h and decibels; brightness stays as it is.
class Scale {
 public:
  Scale(FieldKind kind, double threshold)
      : rain_(kind == FieldKind::kRain),
        least_wet_(10 * std::log10(threshold)),
        dry_(rain_ ? least_wet_ - kDryStep : 0) {}

  float dry() const { return static_cast<float>(dry_); }
  bool wet(float scaled) const { return !rain_ || scaled >= least_wet_; }
  /// Missing pixels stay so.
  void apply(ScalarField& field) const {
    if (!rain_) return;
    for (float& value : field.values) {
      if (is_missing(value)) continue;
      const double decibel = value > 0 ? 10 * std::log10(static_cast<double>(value)) : dry_;
      value = static_cast<float>(decibel >= least_wet_ ? decibel : dry_);
    }
  }
  void undo(ScalarField& field) const {
    if (!rain_) return;
    for (float& value : field.values) {
      if (is_missing(value)) continue;
      value = wet(value) ? static_cast<float>(std::pow(10.0, value / 10)) : 0;
    }
  }

 private:
  bool rain_;
  double least_wet_;
  double dry_;
};

struct Moments {
  double mean = 0;
  double deviation = 0;
};

Moments moments_of(const ScalarField& field) {
  double sum = 0;
  double squares = 0;
  for (const float value : field.values) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(field.values.size());
  const double mean = sum / count;
  return {mean, std::sqrt(std::max(0.0, squares / count - mean * mean))};
}

/// Pearson's, over the chosen pixels; 0 where one of the two does not vary.
double correlation(const ScalarField& a, const ScalarField& b, const std::vector<char>& chosen) {
  double count = 0, sum_a = 0, sum_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i] == 0) continue;
    const double x = a.values[i], y = b.values[i];
    count += 1;
    sum_a += x;
    sum_b += y;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  if (count < 2) return 0;
  const double var_a = aa / count - sum_a * sum_a / (count * count);
  const double var_b = bb / count - sum_b * sum_b / (count * count);
  const double covariance = ab / count - sum_a * sum_b / (count * count);
  return var_a > 0 && var_b > 0 ? covariance / std::sqrt(var_a * var_b) : 0;
}

/// x(t) = first x(t-1) + second x(t-2), from the correlations of a scale with itself one and two steps before
/// (Yule-Walker).
struct AutoRegression {
  double first = 0;
  double second = 0;
};

AutoRegression fit(double one_before, double two_before) {
  constexpr double kMost = 0.9999;
  const double r1 = std::clamp(one_before, -kMost, kMost);
  // Below this the process would grow.
  const double r2 = std::clamp(two_before, 2 * r1 * r1 - 1 + 1e-6, kMost);
  const double rest = 1 - r1 * r1;
  return {r1 * (1 - r2) / rest, (r2 - r1 * r1) / rest};
}

/// One scale, its last two states as deviations from its mean, and how they go on.
struct Level {
  ScalarField now;
  ScalarField before;
  double mean = 0;
  AutoRegression process;

  void advance() {
    for (std::size_t i = 0; i < now.values.size(); ++i) {
      const double next = process.first * now.values[i] + process.second * before.values[i];
      before.values[i] = now.values[i];
      now.values[i] = static_cast<float>(next);
    }
  }
};

/// The pixels where it rains in one of the fields.
std::vector<char> wet_pixels(const std::vector<ScalarField>& fields, const Scale& scale) {
  std::vector<char> wet(fields.front().values.size());
  for (const ScalarField& field : fields) {
    for (std::size_t i = 0; i < wet.size(); ++i) wet[i] = wet[i] != 0 || scale.wet(field.values[i]) ? 1 : 0;
  }
  return wet;
}

/// Levels from fields in moving coordinates, oldest first, the last two or three of them used.
std::vector<Level> make_levels(const std::vector<ScalarField>& fields, const Scale& scale,
                               const BandpassFilters& filters) {
  const std::vector<char> wet = wet_pixels(fields, scale);
  std::vector<std::vector<ScalarField>> scales;  // by field, the last one first, then by level
  for (auto field = fields.rbegin(); field != fields.rend(); ++field) scales.push_back(filters.decompose(*field));
  std::vector<Level> levels;
  for (std::size_t k = 0; k < static_cast<std::size_t>(filters.levels()); ++k) {
    const double r1 = scales.size() > 1 ? correlation(scales[0][k], scales[1][k], wet) : 1;
    const double r2 = scales.size() > 2 ? correlation(scales[0][k], scales[2][k], wet) : r1 * r1;
    Level level{.now = std::move(scales[0][k]), .before = {}, .mean = 0, .process = fit(r1, r2)};
    level.before = scales.size() > 1 ? std::move(scales[1][k]) : level.now;
    const Moments now = moments_of(level.now), before = moments_of(level.before);
    level.mean = now.mean;
    // The older state as a deviation of the same size, as the process is one of normalised fields.
    const double ratio = before.deviation > 0 ? now.deviation / before.deviation : 0;
    for (float& value : level.now.values) value = static_cast<float>(value - now.mean);
    for (float& value : level.before.values) value = static_cast<float>((value - before.mean) * ratio);
    levels.push_back(std::move(level));
  }
  return levels;
}

ScalarField sum_of(const std::vector<Level>& levels) {
  ScalarField sum(levels.front().now.height, levels.front().now.width);
  for (const Level& level : levels) {
    for (std::size_t i = 0; i < sum.values.size(); ++i) {
      sum.values[i] += level.now.values[i] + static_cast<float>(level.mean);
    }
  }
  return sum;
}

/// Gives the values of `observed`, largest first, to the pixels of `field` in the order of their own, so that as many
/// are wet and their values are distributed alike; the rest becomes dry. Missing pixels stay so.
void match_distribution(ScalarField& field, const std::vector<float>& observed, float dry) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < field.values.size(); ++i) {
    if (!is_missing(field.values[i])) order.push_back(i);
  }
  const auto wet = order.begin() + std::ssize(observed);
  const auto wetter = [&](std::uint32_t a, std::uint32_t b) { return field.values[a] > field.values[b]; };
  if (wet != order.end()) std::nth_element(order.begin(), wet, order.end(), wetter);
  std::sort(order.begin(), wet, wetter);
  for (const std::uint32_t i : order) field.values[i] = dry;
  for (std::size_t i = 0; i < observed.size(); ++i) field.values[order[i]] = observed[i];
}

/// Missing wherever `other` is.
void copy_missing(const ScalarField& other, ScalarField& field) {
  for (std::size_t i = 0; i < field.values.size(); ++i) {
    if (is_missing(other.values[i])) field.values[i] = ScalarField::kMissing;
  }
}

/// The wet values of a field, largest first.
std::vector<float> wet_values(const ScalarField& field, const Scale& scale) {
  std::vector<float> values;
  for (const float value : field.values) {
    if (!is_missing(value) && scale.wet(value)) values.push_back(value);
  }
  std::sort(values.rbegin(), values.rend());
  return values;
}

class Sprog final : public Baseline {
 public:
  explicit Sprog(const BaselineOptions& options) : options_(options) {}

 private:
  /// The three frames that an autoregression of second order needs.
  static constexpr std::int64_t kFrames = 3;

  void do_forecast(const ContextFrames& context, std::int64_t horizon, BaselineForecast& forecast) const override {
    const BandpassFilters filters(context.height, context.width, options_.sprog.levels);
    for (std::int64_t n = 0; n < context.sequences; ++n) {
      const MotionField motion = optical_flow(luminance_of(context, n), context.kind, options_.flow);
      for (std::int64_t c = 0; c < context.channels; ++c) {
        const auto put = [&](const ScalarField& field, std::int64_t lead) {
          put_field(field, context, lead, n, c, forecast);
        };
        forecast_channel(fields_of(context, n, c), context.kind, motion, filters, horizon, put);
      }
    }
  }

  template <class Put>
  void forecast_channel(std::vector<ScalarField> fields, FieldKind kind, const MotionField& motion,
                        const BandpassFilters& filters, std::int64_t horizon, Put put) const {
    const Scale scale(kind, options_.sprog.threshold);
    if (std::ssize(fields) > kFrames) fields.erase(fields.begin(), fields.end() - kFrames);
    for (ScalarField& field : fields) scale.apply(field);
    const ScalarField last = fields.back();
    const std::vector<float> observed = wet_values(last, scale);
    if (!observed.empty()) bring_together(fields, motion, scale.dry());
    std::vector<Level> levels;
    if (!observed.empty()) levels = make_levels(fields, scale, filters);

    BackwardTrajectories trajectories(motion);
    for (std::int64_t lead = 0; lead < horizon; ++lead) {
      trajectories.advance();
      ScalarField field = last;  // dry, and dry it stays
      if (!levels.empty()) {
        for (Level& level : levels) level.advance();
        field = sum_of(levels);
        copy_missing(last, field);
        match_distribution(field, observed, scale.dry());
      }
      scale.undo(field);
      put(displaced(field, trajectories.displacement()), lead);
    }
  }

  /// Moves all fields on to the time of the last one; what is missing counts as dry.
  static void bring_together(std::vector<ScalarField>& fields, const MotionField& motion, float dry) {
    BackwardTrajectories trajectories(motion);
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
      if (trajectories.steps() > 0) *field = displaced(*field, trajectories.displacement());
      for (float& value : field->values) value = is_missing(value) ? dry : value;
      trajectories.advance();
    }
  }

  BaselineOptions options_;
};

}  // namespace

std::unique_ptr<Baseline> make_sprog(const BaselineOptions& options) { return std::make_unique<Sprog>(options); }

}  // namespace nextframe
