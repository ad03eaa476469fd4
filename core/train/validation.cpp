#include "core/train/validation.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "core/train/scores.h"

namespace nextframe {
namespace {

constexpr std::string_view kLoss = "loss";

/// "mse", "mae" and "psnr", and the one that decides.
ScoreSelection scores_to_measure(const std::string& best) {
  std::vector<std::string> metrics{"mse", "mae", "psnr"};
  if (best != kLoss && std::find(metrics.begin(), metrics.end(), best) == metrics.end()) metrics.push_back(best);
  return {.metrics = std::move(metrics)};
}

/// Frames of one sequence of [T,N,H,W,C], in source units.
std::vector<Frame> frames_of(const std::vector<float>& values, const Batch& batch, std::int64_t length,
                             std::int64_t sequence, const Normalisation& normalisation) {
  std::vector<Frame> frames(static_cast<std::size_t>(length));
  const std::int64_t elements = batch.height * batch.width * batch.channels;
  for (std::int64_t t = 0; t < length; ++t) {
    Frame& frame = frames[static_cast<std::size_t>(t)];
    frame.height = batch.height;
    frame.width = batch.width;
    frame.channels = batch.channels;
    const auto first = values.begin() + (t * batch.sequences + sequence) * elements;
    frame.pixels.assign(first, first + elements);
    normalisation.from_network(frame.pixels);
  }
  return frames;
}

}  // namespace

void check_best_metric(const std::string& name) {
  if (name == kLoss || find_metric(name).ranks()) return;
  reject(
      "[train.best_metric] {}: does not tell the better of two models by itself; expected \"loss\" or a score without "
      "thresholds, such as mae",
      name);
}

Validator::Validator(const DataSet& data, const FrameFormat& frames, const TrainOptions& train, GuideMaker guide)
    : data_(data), frames_(frames), train_(train), guide_(std::move(guide)) {
  check_best_metric(train.best_metric);
}

TrainingSample Validator::sample_of(const Batch& batch, std::int64_t sequence,
                                    const std::vector<float>& forecast) const {
  const Normalisation& normalisation = frames_.normalisation;
  TrainingSample sample;
  sample.title = data_.describe(Split::kValidation, batch.windows[static_cast<std::size_t>(sequence)]);
  sample.context = frames_of(batch.context, batch, batch.context_length, sequence, normalisation);
  sample.truth = frames_of(batch.target, batch, batch.horizon, sequence, normalisation);
  sample.forecast = frames_of(forecast, batch, batch.horizon, sequence, normalisation);
  const std::int64_t area = batch.height * batch.width;
  for (std::int64_t t = 0; t < batch.horizon && !batch.mask.empty(); ++t) {
    const auto first = batch.mask.begin() + (t * batch.sequences + sequence) * area;
    std::vector<std::uint8_t>& mask = sample.truth[static_cast<std::size_t>(t)].mask;
    mask.resize(static_cast<std::size_t>(area));
    std::transform(first, first + area, mask.begin(), [](float m) { return static_cast<std::uint8_t>(m != 0); });
  }
  sample.low = frames_.low;
  sample.high = frames_.high;
  sample.frames_per_second = frames_.frames_per_second;
  return sample;
}

std::optional<ValidationResult> Validator::run(Learner& learner, const std::function<bool()>& interrupted) const {
  const LinearMap unit_scale = unit_scale_of(frames_);
  ScoreSheet sheet("model", scores_to_measure(train_.best_metric), data_.options().horizon);
  BatchLoader loader(data_, {.split = Split::kValidation,
                             .order = BatchOrder::kSequential,
                             .batch = train_.validation_batch > 0 ? train_.validation_batch : train_.batch,
                             .seed = static_cast<std::uint64_t>(train_.seed),
                             .first_batch = 0,
                             .limit = data_.options().validation_windows,
                             .guide = guide_});
  ValidationResult result;
  double weighted_loss = 0;
  double valid_weight = 0;
  Batch batch;
  while (loader.next(batch)) {
    if (interrupted()) return std::nullopt;
    Learner::Forecast forecast = learner.forecast(batch);
    weighted_loss += forecast.weighted_loss;
    valid_weight += forecast.valid_weight;
    for (std::int64_t n = 0; n < batch.sequences; ++n) {
      if (static_cast<std::int64_t>(result.samples.size()) >= train_.samples) break;
      result.samples.push_back(sample_of(batch, n, forecast.frames));
    }
    unit_scale.apply(forecast.frames);
    unit_scale.apply(batch.target);
    sheet.add(forecast_batch(batch, forecast.frames, batch.target));
  }
  const double none = std::numeric_limits<double>::quiet_NaN();
  result.scores.emplace_back(kLoss, valid_weight > 0 ? weighted_loss / valid_weight : none);
  for (const MetricScores& scores : sheet.scores().metrics) {
    result.scores.emplace_back(scores.metric, scores.mean);
  }
  for (const auto& [name, value] : result.scores) {
    if (name == train_.best_metric) result.score = value;
  }
  const bool higher = train_.best_metric != kLoss && find_metric(train_.best_metric).better == Better::kHigher;
  result.goal = higher ? Goal::kMaximum : Goal::kMinimum;
  return result;
}

}  // namespace nextframe
