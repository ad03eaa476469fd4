#include "core/train/evaluator.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/error.h"
#include "core/frames/batch.h"
#include "core/train/contest.h"
#include "core/train/guides.h"
#include "core/train/model_entrant.h"

namespace nextframe {
namespace {

/// Shows the frames to train on to the baselines that learn from them; where there are none they know the context only.
void teach(Contest& contest, const DataSet& data, const LinearMap& to_model) {
  if (!contest.learns() || data.window_count(Split::kTrain) == 0) return;
  constexpr std::int64_t kEnough = 400;
  BatchLoader loader(data, {.split = Split::kTrain, .order = BatchOrder::kSequential, .batch = 1, .limit = kEnough});
  Batch batch;
  while (loader.next(batch)) {
    to_model.apply(batch.context);
    contest.learn(batch);
  }
}

void check_data(const TrainedModel& model, const DataSet& data) {
  const FrameFormat& frames = model.file.frames;
  if (data.channels() != frames.output_channels) {
    reject("[evaluate] the data have {} channels, the model {} was trained on {}", data.channels(), model.path,
           frames.output_channels);
  }
  const FrameFormat given = frame_format_of(data, model.options);
  if (!same_inputs(data.options().inputs, model.data.inputs)) {
    reject(
        "[evaluate] the data have other inputs than the model {} was trained on: expected its data.inputs, by name, "
        "type and scale",
        model.path);
  }
  if (given.field_channels != frames.field_channels) {
    reject("[evaluate] the data have {} channels of inputs, the model {} was trained on {}; expected its data.inputs",
           given.field_channels, model.path, frames.field_channels);
  }
  if (given.units != frames.units || (data.rain_scale() && !(given.rain == frames.rain))) {
    reject(
        "[evaluate] the data are in {}, the model {} was trained on {}; expected the model's data.unit and data.rain",
        given.units, model.path, frames.units);
  }
}

/// How the models forecast a batch that is in the first one's numbers.
struct Models {
  std::vector<std::string> names = {};
  std::function<std::vector<std::vector<float>>(const Batch&)> forecast = {};  ///< in its numbers; empty: no model
  GuideMaker guide = {};  ///< what some of them want beside the context
};

/// `to_model` brings the data to the numbers of `frames`.
Evaluation run_contest(const DataSet& data, const EvaluateOptions& options, const FrameFormat& frames,
                       const LinearMap& to_model, const Models& models) {
  const ScoreScales scales(frames);
  const std::int64_t windows = data.window_count(options.split);
  const std::int64_t total = options.limit > 0 ? std::min(options.limit, windows) : windows;
  Contest contest(options,
                  {.models = models.names,
                   .horizon = data.options().horizon,
                   .overlap = overlapping_windows(data, windows, total),
                   .sequences = total,
                   .place = [&](std::int64_t window) { return place_of(data, options.split, window); }},
                  scales);
  teach(contest, data, to_model);

  BatchLoader loader(data, {.split = options.split,
                            .order = BatchOrder::kSequential,
                            .batch = sequences_at_once(options.batch, data),
                            .seed = 1,
                            .first_batch = 0,
                            .limit = options.limit,
                            .guide = models.guide});
  Progress progress({.label = "evaluate", .unit = "sequence", .total = total, .display = options.display});
  progress.update(0, "");
  Batch batch;
  while (loader.next(batch)) {
    options.between_batches();
    to_model.apply(batch.context);
    to_model.apply(batch.target);
    to_model.apply(batch.guide);
    contest.add(batch, models.forecast ? models.forecast(batch) : std::vector<std::vector<float>>());
    progress.update(contest.sequences(), "");
  }
  progress.finish();

  Evaluation evaluation;
  evaluation.data = data.clips().empty() ? "generated" : data.clips().front().name;
  if (data.frames_per_second() > 0) {
    evaluation.seconds_per_frame = static_cast<double>(data.options().gap) / data.frames_per_second();
  }
  contest.finish(evaluation);
  return evaluation;
}

}  // namespace

std::int64_t sequences_at_once(std::int64_t batch, const DataSet& data) {
  constexpr std::int64_t kEnoughPixels = 4 * 256 * 256;
  const std::int64_t pixels = std::max<std::int64_t>(1, data.crop_height() * data.crop_width());
  return std::clamp<std::int64_t>(kEnoughPixels / pixels, 1, batch);
}

std::int64_t overlapping_windows(const DataSet& data, std::int64_t windows, std::int64_t evaluated) {
  if (data.generated() || evaluated == 0) return 1;
  const double spacing =
      static_cast<double>(data.options().stride) * static_cast<double>(windows) / static_cast<double>(evaluated);
  const auto span = static_cast<double>(data.sequence_length() * data.options().gap);
  return std::max<std::int64_t>(1, std::llround(std::ceil(span / spacing)));
}

SequencePlace place_of(const DataSet& data, Split split, std::int64_t number) {
  SequencePlace place{.title = data.describe(split, number)};
  if (data.generated() || data.frames_per_second() <= 0) return place;
  const Window window = data.window(split, number);
  const UtcSeconds start = data.clips()[static_cast<std::size_t>(window.clip)].start_time;
  if (start == kNoTime) return place;
  const std::int64_t last_seen = window.first + (data.options().context - 1) * data.options().gap;
  place.last_seen = start + std::llround(static_cast<double>(last_seen) / data.frames_per_second());
  return place;
}

Evaluation evaluate_models(Backend& backend, const std::vector<NamedModel>& models, const DataSet& data,
                           const EvaluateOptions& options, Log& log) {
  const TrainedModel& first = models.front().model;
  check_data(first, data);
  const FrameFormat given = frame_format_of(data, first.options);
  const LinearMap to_first = model_scale(given, first.file.frames);
  if (to_first.factor != 1 || to_first.shift != 0) {
    log.info("the data are scaled otherwise than those of the model: they are brought to its scale");
  }
  Models contestants;
  std::vector<ModelEntrant> entrants;
  for (const NamedModel& named : models) {
    check_comparable(named.model, first);
    contestants.names.push_back(named.name);
    entrants.emplace_back(backend, named.model, model_scale(first.file.frames, named.model.file.frames));
    if (named.model.options.guide != Guidance::kNone && !contestants.guide) {
      contestants.guide = guide_maker_for(named.model.options, given, options.guides);
    }
  }
  check_guides(models);
  contestants.forecast = [&](const Batch& batch) {
    std::vector<std::vector<float>> forecasts;
    for (ModelEntrant& entrant : entrants) forecasts.push_back(entrant.forecast(batch));
    return forecasts;
  };
  Evaluation evaluation = run_contest(data, options, first.file.frames, to_first, contestants);
  evaluation.name = first.path;
  return evaluation;
}

Evaluation evaluate_model(Backend& backend, TrainedModel& model, const DataSet& data, const EvaluateOptions& options,
                          Log& log) {
  return evaluate_models(backend, {{"model", model}}, data, options, log);
}

Evaluation evaluate_baselines(const DataSet& data, const EvaluateOptions& options) {
  if (options.baselines.empty()) reject("[evaluate] neither a model nor a baseline to score");
  Evaluation evaluation = run_contest(data, options, frame_format_of(data, {}), {}, {});
  evaluation.name = "baselines";
  return evaluation;
}

}  // namespace nextframe
