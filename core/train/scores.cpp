#include "core/train/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/base/error.h"

namespace nextframe {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

void LinearMap::apply(std::vector<float>& values) const {
  if (factor == 1 && shift == 0) return;
  for (float& value : values) value = static_cast<float>(factor * value + shift);
}

LinearMap unit_scale_of(const FrameFormat& frames) {
  const double range = frames.high - frames.low;
  return {.factor = frames.normalisation.scale / range, .shift = (frames.normalisation.offset - frames.low) / range};
}

ScoreScales::ScoreScales(const FrameFormat& frames)
    : to_unit_(unit_scale_of(frames)), normalisation_(frames.normalisation) {
  if (frames.rain.unit == RainUnit::kSource || frames.rain.unit == RainUnit::kAuto) return;
  kind_ = FieldKind::kRain;
  rain_.emplace(frames.rain);
}

void ScoreScales::network_to_values(std::vector<float>& numbers) const {
  if (!rain_) return network_to_unit(numbers);
  for (float& number : numbers) {
    if (!std::isnan(number)) number = static_cast<float>(rain_->to_rate(normalisation_.from_network(number)));
  }
}

void ScoreScales::values_to_unit(std::vector<float>& values) const {
  if (!rain_) return;
  for (float& value : values) value = normalisation_.to_network(static_cast<float>(rain_->from_rate(value)));
  network_to_unit(values);
}

ScoreSelection with_usual_metrics(ScoreSelection selection, FieldKind kind) {
  const bool rain = kind == FieldKind::kRain;
  if (rain && selection.thresholds.empty()) selection.thresholds = {0.5, 1, 5};
  if (!selection.metrics.empty()) return selection;
  if (rain) {
    selection.metrics = {"mae", "rmse", "bias", "correlation", "csi", "pod", "far", "frequency_bias", "fss"};
    return selection;
  }
  selection.metrics = {"mse", "mae", "mse_openstl", "mae_openstl", "psnr", "ssim", "ssim_openstl"};
  if (selection.thresholds.empty()) return selection;
  for (const char* name : {"csi", "pod", "far", "frequency_bias", "fss"}) selection.metrics.emplace_back(name);
  return selection;
}

void check_selection(const ScoreSelection& selection) {
  for (const std::string& name : selection.metrics) {
    if (find_metric(name).of_events() && selection.thresholds.empty()) {
      reject("[metrics] {}: counts events, which are values of at least a threshold; give --thresholds", name);
    }
  }
  for (const double threshold : selection.thresholds) {
    if (!std::isfinite(threshold)) reject("[metrics] a threshold is {}, expected a number", threshold);
  }
  for (const std::int64_t window : selection.windows) {
    if (window < 1) reject("[metrics] a window has a side of {} pixels, expected at least 1", window);
  }
}

std::string MetricScores::label() const {
  std::string text = metric;
  if (threshold) text += format(" >= {:g}", *threshold);
  if (window) text += format(" in {} px", *window);
  return text;
}

const MetricScores* ForecasterScores::find(std::string_view metric, std::optional<double> threshold) const {
  for (const MetricScores& scores : metrics) {
    if (scores.metric == metric && (!threshold || scores.threshold == threshold)) return &scores;
  }
  return nullptr;
}

double lead_time_above(const std::vector<double>& by_lead_time, double level) {
  for (std::size_t lead = 0; lead < by_lead_time.size(); ++lead) {
    if (by_lead_time[lead] >= level) continue;
    if (lead == 0) return 0;
    const double before = by_lead_time[lead - 1], now = by_lead_time[lead];
    const double share = std::isnan(now) ? 0 : (before - level) / (before - now);
    return static_cast<double>(lead) + share;
  }
  return static_cast<double>(by_lead_time.size());
}

ScoreSheet::ScoreSheet(std::string name, const ScoreSelection& selection, std::int64_t horizon)
    : name_(std::move(name)), horizon_(horizon) {
  check_selection(selection);
  for (const std::string& metric : selection.metrics) {
    const MetricEntry& entry = find_metric(metric);
    if (entry.of_events()) {
      add_event_rows(entry, selection);
    } else {
      rows_.push_back({.entry = &entry, .metric = entry.make(horizon)});
    }
  }
}

void ScoreSheet::add_event_rows(const MetricEntry& entry, const ScoreSelection& selection) {
  for (const double threshold : selection.thresholds) {
    if (entry.formula != nullptr) {
      rows_.push_back({.entry = &entry, .threshold = threshold, .table = table_of(threshold, entry.pool)});
      continue;
    }
    for (const std::int64_t window : selection.windows) {
      rows_.push_back({.entry = &entry,
                       .threshold = threshold,
                       .window = window,
                       .metric = entry.make_windowed(horizon_, threshold, window)});
    }
  }
}

std::size_t ScoreSheet::table_of(double threshold, std::int64_t pool) {
  for (std::size_t i = 0; i < tables_.size(); ++i) {
    if (tables_[i].threshold() == threshold && tables_[i].pool() == pool) return i;
  }
  tables_.emplace_back(horizon_, threshold, pool);
  return tables_.size() - 1;
}

void ScoreSheet::add(const ForecastBatch& unit, const ForecastBatch& values) {
  for (std::int64_t lead = 0; lead < unit.horizon; ++lead) {
    for (std::int64_t n = 0; n < unit.sequences; ++n) add(lead, unit.frame(lead, n), values.frame(lead, n));
  }
}

void ScoreSheet::add(std::int64_t lead, const FramePair& unit, const FramePair& values) {
  for (ContingencyTable& table : tables_) table.add(lead, values);
  for (const Row& row : rows_) {
    if (row.metric) row.metric->add(lead, row.entry->scale == ScoreScale::kUnit ? unit : values);
  }
}

void ScoreSheet::fill(const Row& row, MetricScores& scores) const {
  std::vector<Score> by_lead_time;
  if (row.metric) {
    by_lead_time = row.metric->per_lead();
    for (const Score& score : by_lead_time) {
      scores.frames.push_back(score.frames);
      scores.left_out.push_back(score.left_out);
    }
  } else {
    scores.counts = tables_[row.table].per_lead();
    for (const Contingency& counts : scores.counts) by_lead_time.push_back({.value = row.entry->formula(counts)});
  }
  for (const Score& score : by_lead_time) scores.by_lead_time.push_back(score.value.value_or(kNone));
  scores.mean = mean_over_lead_times(by_lead_time).value.value_or(kNone);
}

void ScoreSheet::resample() {
  for (ContingencyTable& table : tables_) table.sums().resample(BlockWeights::kResamples);
  for (Row& row : rows_) {
    if (row.metric) row.metric->sums().resample(BlockWeights::kResamples);
  }
}

void ScoreSheet::end_block(std::span<const std::uint8_t> weights) {
  for (ContingencyTable& table : tables_) table.sums().end_block(weights);
  for (Row& row : rows_) {
    if (row.metric) row.metric->sums().end_block(weights);
  }
}

const LeadTimeSums& ScoreSheet::sums(std::size_t number) const {
  const Row& row = rows_[number];
  return row.metric ? row.metric->sums() : tables_[row.table].sums();
}

std::optional<double> ScoreSheet::score_of(std::size_t number, const Sums& sums) const {
  const Row& row = rows_[number];
  return row.metric ? row.metric->score_of(sums).value : row.entry->formula(ContingencyTable::counts_of(sums));
}

void ScoreSheet::restart_sums() {
  for (ContingencyTable& table : tables_) table.sums().restart();
  for (Row& row : rows_) {
    if (row.metric) row.metric->sums().restart();
  }
}

Score ScoreSheet::resampled(const Row& row, std::int64_t resample, std::size_t lead) const {
  const auto number = static_cast<std::size_t>(&row - rows_.data());
  return {.value = score_of(number, sums(number).resampled(resample, lead))};
}

void ScoreSheet::add_intervals(const Row& row, MetricScores& scores) const {
  const auto leads = static_cast<std::size_t>(horizon_);
  std::vector<std::vector<double>> by_lead(leads);
  std::vector<Score> one(leads);
  for (std::int64_t resample = 0; resample < BlockWeights::kResamples; ++resample) {
    for (std::size_t lead = 0; lead < leads; ++lead) {
      one[lead] = resampled(row, resample, lead);
      by_lead[lead].push_back(one[lead].value.value_or(kNone));
    }
    scores.resampled_means.push_back(mean_over_lead_times(one).value.value_or(kNone));
  }
  for (std::vector<double>& figures : by_lead) scores.intervals.push_back(percentile_interval(std::move(figures)));
  scores.mean_interval = percentile_interval(scores.resampled_means);
}

ForecasterScores ScoreSheet::scores(Intervals intervals) const {
  ForecasterScores scores{.name = name_, .metrics = {}};
  for (const Row& row : rows_) {
    MetricScores& one = scores.metrics.emplace_back(
        MetricScores{.metric = std::string(row.entry->name), .threshold = row.threshold, .window = row.window});
    fill(row, one);
    if (intervals == Intervals::kOfResamples) add_intervals(row, one);
  }
  return scores;
}

namespace {

/// The less, the better.
double badness(Better better, double score) {
  switch (better) {
    case Better::kLower:
      return score;
    case Better::kHigher:
      return -score;
    case Better::kNearOne:
      return std::abs(score - 1);
    case Better::kNearZero:
      return std::abs(score);
  }
  return score;
}

bool clearly_better(Better better, const MetricScores& score, const MetricScores& other) {
  if (!is_better(better, score.mean, other.mean)) return false;
  std::vector<double> differences;
  for (std::size_t k = 0; k < std::min(score.resampled_means.size(), other.resampled_means.size()); ++k) {
    differences.push_back(badness(better, score.resampled_means[k]) - badness(better, other.resampled_means[k]));
  }
  const std::optional<Interval> interval = percentile_interval(std::move(differences));
  return interval && interval->high < 0;
}

}  // namespace

std::optional<std::size_t> clearly_best(const std::vector<ForecasterScores>& forecasters, std::size_t metric) {
  if (forecasters.size() < 2) return std::nullopt;
  const Better better = find_metric(forecasters.front().metrics[metric].metric).better;
  for (std::size_t i = 0; i < forecasters.size(); ++i) {
    bool best = true;
    for (std::size_t j = 0; best && j < forecasters.size(); ++j) {
      const MetricScores& other = forecasters[j].metrics[metric];
      const bool paired = j == 0 || other.beyond_first;
      best = paired && (i == j || clearly_better(better, forecasters[i].metrics[metric], other));
    }
    if (best) return i;
  }
  return std::nullopt;
}

void compare_with_first(std::vector<ForecasterScores>& forecasters) {
  for (std::size_t i = 1; i < forecasters.size(); ++i) {
    for (std::size_t m = 0; m < forecasters[i].metrics.size(); ++m) {
      MetricScores& own = forecasters[i].metrics[m];
      const MetricScores& first = forecasters.front().metrics[m];
      std::vector<double> differences;
      for (std::size_t k = 0; k < std::min(own.resampled_means.size(), first.resampled_means.size()); ++k) {
        differences.push_back(own.resampled_means[k] - first.resampled_means[k]);
      }
      own.beyond_first = ScoreDifference{own.mean - first.mean, percentile_interval(std::move(differences))};
    }
  }
}

std::vector<const ContingencyTable*> ScoreSheet::tables() const {
  std::vector<const ContingencyTable*> tables;
  for (const ContingencyTable& table : tables_) {
    if (table.pool() == 1) tables.push_back(&table);
  }
  return tables;
}

ForecastBatch forecast_batch(const Batch& batch, const std::vector<float>& forecast, const std::vector<float>& truth) {
  return {.forecast = forecast.data(),
          .truth = truth.data(),
          .mask = batch.mask.empty() ? nullptr : batch.mask.data(),
          .horizon = batch.horizon,
          .sequences = batch.sequences,
          .height = batch.height,
          .width = batch.width,
          .channels = batch.channels};
}

std::optional<double> sequence_psnr(const ForecastBatch& batch, std::int64_t sequence) {
  const std::unique_ptr<Metric> psnr = make_psnr(batch.horizon);
  add_sequence(*psnr, batch, sequence);
  return psnr->overall().value;
}

}  // namespace nextframe
