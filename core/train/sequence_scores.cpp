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

using Runs = std::span<const SequenceScores* const>;

/// Fewer resamples where one of them takes long.
std::int64_t resamples_for(std::int64_t numbers) {
  constexpr std::int64_t kAdditions = 50'000'000;
  return std::clamp<std::int64_t>(kAdditions / std::max<std::int64_t>(numbers, 1), 1000, 4000);
}

/// The figures of both sides' runs over the same windows.
struct RunFigures {
  std::vector<double> first = {};
  std::vector<double> second = {};

  /// NaN where there is no lead time that all of them have a score at.
  double difference() const { return mean(first) - mean(second); }

 private:
  static double mean(const std::vector<double>& figures) {
    return std::accumulate(figures.begin(), figures.end(), 0.0) / static_cast<double>(figures.size());
  }
};

/// What is resampled: the windows that count, and the figures of the runs over some of them.
class Figures {
 public:
  Figures(Runs first, Runs second, std::size_t metric, const LeadTimes& leads)
      : runs_(first.begin(), first.end()), firsts_(first.size()), metric_(metric), leads_(leads) {
    runs_.insert(runs_.end(), second.begin(), second.end());
    for (std::int64_t window = 0; window < first.front()->sequences(); ++window) {
      const bool counts = std::any_of(runs_.begin(), runs_.end(),
                                      [&](const SequenceScores* run) { return run->counts(metric_, leads_, window); });
      if (counts) windows_.push_back(window);
    }
    find_differences();
  }

  std::int64_t windows() const { return std::ssize(windows_); }
  /// Numbers that one resampled difference adds up.
  std::int64_t numbers() const {
    return windows() * (differences_.empty() ? (leads_.last - leads_.first + 1) * std::ssize(runs_) : 1);
  }
  RunFigures all() const { return over(windows_); }

  /// `drawn` are places among windows().
  double difference(std::span<const std::int64_t> drawn) const {
    if (differences_.empty()) {
      std::vector<std::int64_t> windows;
      for (const std::int64_t place : drawn) windows.push_back(windows_[static_cast<std::size_t>(place)]);
      return over(windows).difference();
    }
    double sum = 0;
    for (const std::int64_t place : drawn) sum += differences_[static_cast<std::size_t>(place)];
    return sum / static_cast<double>(drawn.size());
  }

 private:
  /// The mean of each run over those lead times at which all runs have a score.
  RunFigures over(std::span<const std::int64_t> windows) const {
    std::vector<std::vector<double>> scores;
    for (const SequenceScores* run : runs_) scores.push_back(run->by_lead_time(metric_, leads_, windows));
    std::vector<double> means(runs_.size(), 0);
    double count = 0;
    for (std::size_t lead = 0; lead < scores.front().size(); ++lead) {
      const bool whole =
          std::all_of(scores.begin(), scores.end(), [&](const auto& run) { return std::isfinite(run[lead]); });
      if (!whole) continue;
      for (std::size_t r = 0; r < scores.size(); ++r) means[r] += scores[r][lead];
      ++count;
    }
    for (double& mean : means) mean = count > 0 ? mean / count : kNone;
    const auto middle = means.begin() + static_cast<std::ptrdiff_t>(firsts_);
    return {.first = {means.begin(), middle}, .second = {middle, means.end()}};
  }

  /// Where the difference of several windows is the mean of theirs, those are enough.
  void find_differences() {
    const std::optional<double> weight = runs_.front()->common_weight(metric_, leads_, windows_);
    const bool plain = weight && std::all_of(runs_.begin(), runs_.end(), [&](const SequenceScores* run) {
                         return run->common_weight(metric_, leads_, windows_) == weight;
                       });
    for (std::size_t i = 0; i < windows_.size() && plain; ++i) {
      differences_.push_back(over(std::span(windows_).subspan(i, 1)).difference());
    }
  }

  std::vector<const SequenceScores*> runs_;  ///< of both sides
  std::size_t firsts_;                       ///< of them, of the first side
  std::size_t metric_;
  LeadTimes leads_;
  std::vector<std::int64_t> windows_;
  std::vector<double> differences_;  ///< of each window that counts; empty: the sums are needed
};

/// Scores that are best near some value say nothing by their sign.
Verdict verdict_of(const std::optional<Interval>& interval, Better better) {
  if (!interval || (better != Better::kLower && better != Better::kHigher)) return Verdict::kOpen;
  if (interval->low > 0) return better == Better::kHigher ? Verdict::kFirst : Verdict::kSecond;
  if (interval->high < 0) return better == Better::kHigher ? Verdict::kSecond : Verdict::kFirst;
  return Verdict::kOpen;
}

}  // namespace

SequenceScores::SequenceScores(const ScoreSelection& selection, std::int64_t horizon, const ScoreScales& scales)
    : horizon_(horizon), scales_(scales), sheet_("", selection, horizon) {
  for (const MetricScores& scores : sheet_.scores().metrics) {
    rows_.push_back({.kind = {.metric = scores.metric, .threshold = scores.threshold, .window = scores.window},
                     .used = sheet_.sums(rows_.size()).used()});
  }
}

void SequenceScores::add(const ForecastBatch& values) {
  sheet_.restart_sums();
  if (scales_.two()) {
    const auto elements = values.horizon * values.sequences * values.height * values.width * values.channels;
    std::vector<float> forecast(values.forecast, values.forecast + elements);
    std::vector<float> truth(values.truth, values.truth + elements);
    scales_.values_to_unit(forecast);
    scales_.values_to_unit(truth);
    ForecastBatch unit = values;
    unit.forecast = forecast.data();
    unit.truth = truth.data();
    sheet_.add(unit, values);
  } else {
    sheet_.add(values);
  }
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Row& row = rows_[i];
    for (const Sums& sums : sheet_.sums(i).total()) {
      row.sums.insert(row.sums.end(), sums.values.begin(), sums.values.begin() + static_cast<std::ptrdiff_t>(row.used));
    }
  }
  ++sequences_;
}

std::span<const double> SequenceScores::sums_of(const Row& row, std::int64_t sequence, std::int64_t lead) const {
  return std::span(row.sums).subspan(static_cast<std::size_t>(sequence * horizon_ + lead) * row.used, row.used);
}

std::vector<double> SequenceScores::by_lead_time(std::size_t metric, const LeadTimes& leads,
                                                 std::span<const std::int64_t> sequences) const {
  const Row& row = rows_[metric];
  std::vector<Sums> sums(static_cast<std::size_t>(leads.last - leads.first + 1));
  for (const std::int64_t sequence : sequences) {
    std::span<const double> own = sums_of(row, sequence, leads.first - 1);
    for (Sums& sum : sums) {
      for (std::size_t i = 0; i < row.used; ++i) sum.values[i] += own[i];
      own = {own.data() + row.used, row.used};
    }
  }
  std::vector<double> scores;
  for (const Sums& sum : sums) scores.push_back(sheet_.score_of(metric, sum).value_or(kNone));
  return scores;
}

bool SequenceScores::counts(std::size_t metric, const LeadTimes& leads, std::int64_t sequence) const {
  for (std::int64_t lead = leads.first - 1; lead < leads.last; ++lead) {
    const std::span<const double> sums = sums_of(rows_[metric], sequence, lead);
    if (std::any_of(sums.begin(), sums.end(), [](double value) { return value != 0; })) return true;
  }
  return false;
}

std::optional<double> SequenceScores::common_weight(std::size_t metric, const LeadTimes& leads,
                                                    std::span<const std::int64_t> sequences) const {
  if (!sheet_.is_mean(metric) || sequences.empty()) return std::nullopt;
  const double weight = sums_of(rows_[metric], sequences.front(), leads.first - 1)[1];
  for (const std::int64_t sequence : sequences) {
    for (std::int64_t lead = leads.first - 1; lead < leads.last; ++lead) {
      const std::span<const double> sums = sums_of(rows_[metric], sequence, lead);
      if (sums[1] != weight || !std::isfinite(sums[0])) return std::nullopt;
    }
  }
  return weight > 0 ? std::optional(weight) : std::nullopt;
}

ScoreContrast compare_scores(Runs first, Runs second, std::size_t metric, const LeadTimes& leads, std::int64_t block) {
  const Figures figures(first, second, metric, leads);
  ScoreContrast difference;
  difference.metric = first.front()->metric(metric);
  difference.leads = leads;
  difference.windows = figures.windows();
  difference.whole_block = block;
  difference.block = shortened_block(figures.windows(), block);
  const RunFigures all = figures.all();
  difference.mean = all.difference();
  if (!std::isfinite(difference.mean)) return difference;

  std::vector<RunSpread> spreads;
  if (first.size() > 1 && second.size() > 1) {
    spreads = {RunSpread(all.first), RunSpread(all.second)};
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
