#include "core/metrics/metric.h"

namespace nextframe {

Score mean_over_lead_times(std::span<const Score> scores) {
  Score mean;
  double sum = 0;
  std::int64_t leads = 0;
  for (const Score& score : scores) {
    mean.frames += score.frames;
    mean.left_out += score.left_out;
    if (!score.value) continue;
    sum += *score.value;
    ++leads;
  }
  if (leads > 0) mean.value = sum / static_cast<double>(leads);
  return mean;
}

std::vector<Score> Metric::per_lead() const {
  std::vector<Score> scores;
  for (const Sums& sums : sums_.total()) scores.push_back(score_of(sums));
  return scores;
}

Score MeanMetric::score_of(const Sums& sums) const {
  Score score{std::nullopt, sums.frames, sums.left_out};
  if (sums.values[1] > 0) score.value = sums.values[0] / sums.values[1];
  return score;
}

FramePair ForecastBatch::frame(std::int64_t lead, std::int64_t sequence) const {
  const std::int64_t pixels = height * width;
  const std::int64_t number = lead * sequences + sequence;
  return {forecast + number * pixels * channels,
          truth + number * pixels * channels,
          mask == nullptr ? nullptr : mask + number * pixels,
          height,
          width,
          channels};
}

void add_sequence(Metric& metric, const ForecastBatch& batch, std::int64_t sequence) {
  for (std::int64_t lead = 0; lead < batch.horizon; ++lead) metric.add(lead, batch.frame(lead, sequence));
}

void add_batch(Metric& metric, const ForecastBatch& batch) {
  for (std::int64_t sequence = 0; sequence < batch.sequences; ++sequence) add_sequence(metric, batch, sequence);
}

}  // namespace nextframe
