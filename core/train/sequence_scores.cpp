#include "core/train/sequence_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/metrics/metric_table.h"
#include "core/train/gains.h"

namespace nextframe {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Mean of what is a number.
class Mean {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  double value() const { return count_ > 0 ? sum_ / static_cast<double>(count_) : kNone; }

 private:
  double sum_ = 0;
  std::int64_t count_ = 0;
};

using Runs = std::span<const SequenceScores* const>;

/// Fewer resamples where one of them takes long.
std::int64_t resamples_for(std::int64_t numbers) {
  constexpr std::int64_t kAdditions = 50'000'000;
  return std::clamp<std::int64_t>(kAdditions / std::max<std::int64_t>(numbers, 1), 1000, 4000);
}

/// What is resampled: the windows that count, and the figure of each run over some of them.
class Figures {
 public:
  Figures(Runs first, Runs second, std::size_t metric, const LeadTimes& leads)
      : first_(first), second_(second), metric_(metric), leads_(leads), counted_(first.front()->counted(metric)) {
    if (counted_) {
      windows_.resize(static_cast<std::size_t>(first.front()->sequences()));
      std::iota(windows_.begin(), windows_.end(), std::int64_t{0});
      return;
    }
    for (const SequenceScores* run : first) first_values_.push_back(run->by_sequence(metric, leads));
    for (const SequenceScores* run : second) second_values_.push_back(run->by_sequence(metric, leads));
    keep_complete_windows();
  }

  std::int64_t windows() const { return std::ssize(windows_); }
  /// Numbers that one resampled difference adds up.
  std::int64_t numbers() const {
    const std::int64_t each = counted_ ? (leads_.last - leads_.first + 1) * std::ssize(first_) * 2 : 1;
    return windows() * each;
  }
  std::vector<double> of_first() const { return over_all(first_, first_values_); }
  std::vector<double> of_second() const { return over_all(second_, second_values_); }

  /// `drawn` are places among windows().
  double difference(std::span<const std::int64_t> drawn) const {
    if (!counted_) {
      double sum = 0;
      for (const std::int64_t place : drawn) sum += differences_[static_cast<std::size_t>(place)];
      return sum / static_cast<double>(drawn.size());
    }
    return mean_of(first_, drawn) - mean_of(second_, drawn);
  }

 private:
  void keep_complete_windows() {
    const std::size_t count = first_values_.front().size();
    for (std::size_t w = 0; w < count; ++w) {
      double mine = 0, other = 0;
      for (const auto& run : first_values_) mine += run[w] / static_cast<double>(first_values_.size());
      for (const auto& run : second_values_) other += run[w] / static_cast<double>(second_values_.size());
      if (!std::isfinite(mine) || !std::isfinite(other)) continue;
      windows_.push_back(static_cast<std::int64_t>(w));
      differences_.push_back(mine - other);
    }
  }

  double mean_of(Runs runs, std::span<const std::int64_t> drawn) const {
    double sum = 0;
    for (const SequenceScores* run : runs) sum += run->figure(metric_, leads_, drawn);
    return sum / static_cast<double>(runs.size());
  }

  std::vector<double> over_all(Runs runs, const std::vector<std::vector<double>>& values) const {
    std::vector<double> figures;
    for (std::size_t r = 0; r < runs.size(); ++r) {
      if (counted_) {
        figures.push_back(runs[r]->figure(metric_, leads_, windows_));
        continue;
      }
      Mean mean;
      for (const std::int64_t w : windows_) mean.add(values[r][static_cast<std::size_t>(w)]);
      figures.push_back(mean.value());
    }
    return figures;
  }

  Runs first_, second_;
  std::size_t metric_;
  LeadTimes leads_;
  bool counted_;
  std::vector<std::int64_t> windows_;
  std::vector<std::vector<double>> first_values_, second_values_;  ///< of each run and sequence
  std::vector<double> differences_;                                ///< of each window that counts
};

double mean_over(const std::vector<double>& figures) {
  double sum = 0;
  for (const double figure : figures) sum += figure;
  return sum / static_cast<double>(figures.size());
}

/// Scores that are best near some value say nothing by their sign.
Verdict verdict_of(const std::optional<Interval>& interval, Better better) {
  if (!interval || (better != Better::kLower && better != Better::kHigher)) return Verdict::kOpen;
  if (interval->low > 0) return better == Better::kHigher ? Verdict::kFirst : Verdict::kSecond;
  if (interval->high < 0) return better == Better::kHigher ? Verdict::kSecond : Verdict::kFirst;
  return Verdict::kOpen;
}

}  // namespace

SequenceScores::SequenceScores(const ScoreSelection& selection, std::int64_t horizon, const ScoreScales& scales)
    : selection_(selection), horizon_(horizon), scales_(scales) {
  for (const MetricScores& scores : ScoreSheet("", selection, horizon).scores().metrics) {
    rows_.push_back({.entry = &find_metric(scores.metric),
                     .kind = {.metric = scores.metric, .threshold = scores.threshold, .window = scores.window}});
  }
}

void SequenceScores::add(const ForecastBatch& values) {
  ScoreSheet sheet("", selection_, horizon_);
  if (scales_.two()) {
    const auto elements = values.horizon * values.sequences * values.height * values.width * values.channels;
    std::vector<float> forecast(values.forecast, values.forecast + elements);
    std::vector<float> truth(values.truth, values.truth + elements);
    scales_.values_to_unit(forecast);
    scales_.values_to_unit(truth);
    ForecastBatch unit = values;
    unit.forecast = forecast.data();
    unit.truth = truth.data();
    sheet.add(unit, values);
  } else {
    sheet.add(values);
  }
  const ForecasterScores scores = sheet.scores();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const MetricScores& one = scores.metrics[i];
    if (rows_[i].entry->formula != nullptr) {
      rows_[i].counts.insert(rows_[i].counts.end(), one.counts.begin(), one.counts.end());
    } else {
      rows_[i].values.insert(rows_[i].values.end(), one.by_lead_time.begin(), one.by_lead_time.end());
    }
  }
  ++sequences_;
}

double SequenceScores::figure(std::size_t metric, const LeadTimes& leads,
                              std::span<const std::int64_t> sequences) const {
  const Row& row = rows_[metric];
  Mean mean;
  if (row.entry->formula == nullptr) {
    for (const std::int64_t sequence : sequences) {
      Mean own;
      for (std::int64_t lead = leads.first - 1; lead < leads.last; ++lead) {
        own.add(row.values[static_cast<std::size_t>(sequence * horizon_ + lead)]);
      }
      mean.add(own.value());
    }
    return mean.value();
  }
  for (std::int64_t lead = leads.first - 1; lead < leads.last; ++lead) {
    Contingency sum;
    for (const std::int64_t sequence : sequences) {
      sum += row.counts[static_cast<std::size_t>(sequence * horizon_ + lead)];
    }
    mean.add(row.entry->formula(sum).value_or(kNone));
  }
  return mean.value();
}

std::vector<double> SequenceScores::by_sequence(std::size_t metric, const LeadTimes& leads) const {
  std::vector<double> figures;
  for (std::int64_t sequence = 0; sequence < sequences_; ++sequence) {
    figures.push_back(figure(metric, leads, std::span(&sequence, 1)));
  }
  return figures;
}

ScoreContrast compare_scores(Runs first, Runs second, std::size_t metric, const LeadTimes& leads, std::int64_t block) {
  const Figures figures(first, second, metric, leads);
  ScoreContrast difference;
  difference.metric = first.front()->metric(metric);
  difference.leads = leads;
  difference.windows = figures.windows();
  difference.whole_block = block;
  difference.block = shortened_block(figures.windows(), block);
  const std::vector<double> mine = figures.of_first(), others = figures.of_second();
  difference.mean = mean_over(mine) - mean_over(others);
  if (!std::isfinite(difference.mean)) return difference;

  std::vector<RunSpread> spreads;
  if (first.size() > 1 && second.size() > 1) {
    spreads = {RunSpread(mine), RunSpread(others)};
    difference.covers = Covers::kWindowsAndSeeds;
  }
  const BootstrapOptions options{.resamples = resamples_for(figures.numbers()),
                                 .block = difference.block,
                                 .width = BootstrapOptions::Width::kCorrected,
                                 .overlap = block};
  difference.interval = bootstrap_interval(
      figures.windows(), options, [&](std::span<const std::int64_t> drawn) { return figures.difference(drawn); },
      spreads);
  difference.better = verdict_of(difference.interval, find_metric(difference.metric.metric).better);
  return difference;
}

}  // namespace nextframe
