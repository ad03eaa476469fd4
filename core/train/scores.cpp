#include "core/train/scores.h"

#include <limits>

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

std::vector<std::string> usual_metrics() {
  return {"mse", "mae", "mse_openstl", "mae_openstl", "psnr", "ssim", "ssim_openstl"};
}

ScoreSheet::ScoreSheet(std::string name, const std::vector<std::string>& metrics, std::int64_t horizon)
    : name_(std::move(name)) {
  for (const std::string& metric : metrics) metrics_.emplace_back(metric, find_metric(metric).make(horizon));
}

void ScoreSheet::add(const ForecastBatch& batch) {
  for (const auto& [name, metric] : metrics_) add_batch(*metric, batch);
}

void ScoreSheet::add(std::int64_t lead, const FramePair& pair) {
  for (const auto& [name, metric] : metrics_) metric->add(lead, pair);
}

ForecasterScores ScoreSheet::scores() const {
  ForecasterScores scores{.name = name_, .metrics = {}};
  for (const auto& [name, metric] : metrics_) {
    MetricScores& row = scores.metrics.emplace_back();
    row.metric = name;
    row.mean = metric->overall().value.value_or(kNone);
    for (const Score& score : metric->per_lead()) {
      row.by_lead_time.push_back(score.value.value_or(kNone));
      row.frames.push_back(score.frames);
      row.left_out.push_back(score.left_out);
    }
  }
  return scores;
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
