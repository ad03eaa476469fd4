#include "core/metrics/contingency.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nextframe {
namespace {

void count(Contingency& row, float forecast, float truth, double threshold) {
  if (!std::isfinite(forecast) || !std::isfinite(truth)) {
    ++row.undefined;
    return;
  }
  const bool expected = static_cast<double>(forecast) >= threshold;
  const bool came = static_cast<double>(truth) >= threshold;
  if (came) {
    ++(expected ? row.hits : row.misses);
  } else {
    ++(expected ? row.false_alarms : row.correct_negatives);
  }
}

bool valid(const FramePair& pair, std::int64_t pixel) { return pair.mask == nullptr || pair.mask[pixel] != 0; }

/// The larger of the two, or whichever is not a number.
float larger(float a, float b) { return std::isnan(a) || a > b ? a : b; }

/// One square of `side` pixels with its upper left corner at (top, left).
void count_square(Contingency& row, const FramePair& pair, std::int64_t top, std::int64_t left, std::int64_t side,
                  double threshold) {
  for (std::int64_t c = 0; c < pair.channels; ++c) {
    constexpr float kNone = -std::numeric_limits<float>::infinity();
    float forecast = kNone, truth = kNone;
    bool any = false;
    for (std::int64_t y = top; y < top + side; ++y) {
      for (std::int64_t x = left; x < left + side; ++x) {
        const std::int64_t pixel = y * pair.width + x;
        if (!valid(pair, pixel)) continue;
        forecast = larger(forecast, pair.forecast[pixel * pair.channels + c]);
        truth = larger(truth, pair.truth[pixel * pair.channels + c]);
        any = true;
      }
    }
    if (any) count(row, forecast, truth, threshold);
  }
}

std::optional<double> ratio(double numerator, double denominator, const Contingency& table) {
  if (table.undefined > 0) return std::numeric_limits<double>::quiet_NaN();
  if (denominator == 0) return std::nullopt;
  return numerator / denominator;
}

double number(std::int64_t count) { return static_cast<double>(count); }

}  // namespace

Contingency& Contingency::operator+=(const Contingency& other) {
  hits += other.hits;
  false_alarms += other.false_alarms;
  misses += other.misses;
  correct_negatives += other.correct_negatives;
  undefined += other.undefined;
  return *this;
}

Contingency& Contingency::operator-=(const Contingency& other) {
  hits -= other.hits;
  false_alarms -= other.false_alarms;
  misses -= other.misses;
  correct_negatives -= other.correct_negatives;
  undefined -= other.undefined;
  return *this;
}

Contingency ContingencyTable::count_frame(const FramePair& pair) const {
  Contingency counts;
  if (pool_ > 1) {
    for (std::int64_t top = 0; top + pool_ <= pair.height; top += pool_) {
      for (std::int64_t left = 0; left + pool_ <= pair.width; left += pool_) {
        count_square(counts, pair, top, left, pool_, threshold_);
      }
    }
    return counts;
  }
  for (std::int64_t pixel = 0; pixel < pair.height * pair.width; ++pixel) {
    if (!valid(pair, pixel)) continue;
    for (std::int64_t i = pixel * pair.channels; i < (pixel + 1) * pair.channels; ++i) {
      count(counts, pair.forecast[i], pair.truth[i], threshold_);
    }
  }
  return counts;
}

void ContingencyTable::add(std::int64_t lead, const FramePair& pair) {
  const Contingency counts = count_frame(pair);
  rows_.at(static_cast<std::size_t>(lead)) += counts;
  sums_.add(lead, {.values = {number(counts.hits), number(counts.false_alarms), number(counts.misses),
                              number(counts.correct_negatives), number(counts.undefined)}});
}

Contingency ContingencyTable::counts_of(const Sums& sums) {
  const auto whole = [&](std::size_t place) { return static_cast<std::int64_t>(sums.values[place]); };
  return {.hits = whole(0),
          .false_alarms = whole(1),
          .misses = whole(2),
          .correct_negatives = whole(3),
          .undefined = whole(4)};
}

std::optional<double> critical_success_index(const Contingency& table) {
  return ratio(number(table.hits), number(table.hits + table.false_alarms + table.misses), table);
}

std::optional<double> probability_of_detection(const Contingency& table) {
  return ratio(number(table.hits), number(table.observed()), table);
}

std::optional<double> false_alarm_ratio(const Contingency& table) {
  return ratio(number(table.false_alarms), number(table.forecast()), table);
}

std::optional<double> gilbert_skill_score(const Contingency& table) {
  if (table.total() == 0) return ratio(0, 0, table);
  const double chance = number(table.forecast()) * number(table.observed()) / number(table.total());
  const std::int64_t events = table.hits + table.false_alarms + table.misses;
  return ratio(number(table.hits) - chance, number(events) - chance, table);
}

std::optional<double> heidke_skill_score(const Contingency& table) {
  const std::optional<double> gilbert = gilbert_skill_score(table);
  return gilbert ? std::optional(2 * *gilbert / (*gilbert + 1)) : std::nullopt;
}

std::optional<double> frequency_bias(const Contingency& table) {
  return ratio(number(table.forecast()), number(table.observed()), table);
}

std::optional<double> hanssen_kuipers(const Contingency& table) {
  const std::int64_t quiet = table.false_alarms + table.correct_negatives;
  if (table.observed() == 0 || quiet == 0) return ratio(0, 0, table);
  const double false_detection = number(table.false_alarms) / number(quiet);
  return ratio(number(table.hits) - false_detection * number(table.observed()), number(table.observed()), table);
}

std::optional<double> matthews_correlation(const Contingency& table) {
  const double forecast = number(table.forecast()), observed = number(table.observed()), all = number(table.total());
  const double agreement =
      number(table.hits) * number(table.correct_negatives) - number(table.false_alarms) * number(table.misses);
  return ratio(agreement, std::sqrt(forecast * observed * (all - forecast) * (all - observed)), table);
}

}  // namespace nextframe
