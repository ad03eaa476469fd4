#include "core/train/evaluator.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/error.h"
#include "core/frames/batch.h"
#include "core/train/contest.h"
#include "core/train/guides.h"
#include "core/train/host_values.h"
#include "core/train/learner.h"

namespace nextframe {
namespace {

/// From the numbers of a data set to those of a model that may have been trained on another type or range of pixels.
LinearMap model_scale(const FrameFormat& data, const FrameFormat& model) {
  if (data.normalisation.offset == model.normalisation.offset &&
      data.normalisation.scale == model.normalisation.scale) {
    return {};
  }
  // 8 and 16 bits show the same picture on another scale.
  const bool other_depth = data.low == 0 && model.low == 0 && data.high != model.high;
  const double unit = other_depth ? data.high / model.high : 1;
  const Normalisation& from = data.normalisation;
  const Normalisation& to = model.normalisation;
  return {.factor = from.scale / unit / to.scale, .shift = (from.offset / unit - to.offset) / to.scale};
}

/// How many neighbouring windows share frames, where only every few of them are evaluated.
std::int64_t overlapping_windows(const DataSet& data, std::int64_t windows, std::int64_t evaluated) {
  if (data.generated() || evaluated == 0) return 1;
  const double spacing =
      static_cast<double>(data.options().stride) * static_cast<double>(windows) / static_cast<double>(evaluated);
  const auto span = static_cast<double>(data.sequence_length() * data.options().gap);
  return std::max<std::int64_t>(1, std::llround(std::ceil(span / spacing)));
}

std::vector<float> model_forecast(Backend& backend, TrainedModel& model, const Batch& batch) {
  const NetworkChannels channels = channels_of(model.file.frames);
  std::vector<float> buffer;
  const Tensor context = to_backend(backend, network_input(batch, channels, buffer), context_shape(batch, channels));
  return to_host(backend, model.network->forward(context, batch.horizon, Mode::kInference, guide_of(backend, batch)));
}

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
  if (given.units != frames.units || (data.rain_scale() && !(given.rain == frames.rain))) {
    reject(
        "[evaluate] the data are in {}, the model {} was trained on {}; expected the model's data.unit and data.rain",
        given.units, model.path, frames.units);
  }
}

/// A model that takes part.
struct ModelEntrant {
  std::function<std::vector<float>(const Batch&)> forecast;  ///< of a batch, in the network's numbers; empty: no model
  GuideMaker guide = {};                                     ///< what it wants beside the context
};

/// `to_model` brings the data to the numbers of `frames`.
Evaluation run_contest(const DataSet& data, const EvaluateOptions& options, const FrameFormat& frames,
                       const LinearMap& to_model, const ModelEntrant& model) {
  const ScoreScales scales(frames);
  Contest contest(options, model.forecast ? Contest::Model::kTakesPart : Contest::Model::kAbsent, scales,
                  data.options().horizon);
  teach(contest, data, to_model);

  const std::int64_t windows = data.window_count(options.split);
  const std::int64_t total = options.limit > 0 ? std::min(options.limit, windows) : windows;
  BatchLoader loader(data, {.split = options.split,
                            .order = BatchOrder::kSequential,
                            .batch = sequences_at_once(options.batch, data),
                            .seed = 1,
                            .first_batch = 0,
                            .limit = options.limit,
                            .guide = model.guide});
  Progress progress({.label = "evaluate", .unit = "sequence", .total = total, .display = options.display});
  progress.update(0, "");
  Batch batch;
  while (loader.next(batch)) {
    options.between_batches();
    to_model.apply(batch.context);
    to_model.apply(batch.target);
    to_model.apply(batch.guide);
    contest.add(batch, model.forecast ? model.forecast(batch) : std::vector<float>());
    progress.update(contest.sequences(), "");
  }
  progress.finish();

  Evaluation evaluation;
  evaluation.data = data.clips().empty() ? "generated" : data.clips().front().name;
  if (data.frames_per_second() > 0) {
    evaluation.seconds_per_frame = static_cast<double>(data.options().gap) / data.frames_per_second();
  }
  contest.finish(overlapping_windows(data, windows, contest.sequences()), evaluation);
  return evaluation;
}

}  // namespace

std::int64_t sequences_at_once(std::int64_t batch, const DataSet& data) {
  constexpr std::int64_t kEnoughPixels = 4 * 256 * 256;
  const std::int64_t pixels = std::max<std::int64_t>(1, data.crop_height() * data.crop_width());
  return std::clamp<std::int64_t>(kEnoughPixels / pixels, 1, batch);
}

Evaluation evaluate_model(Backend& backend, TrainedModel& model, const DataSet& data, const EvaluateOptions& options,
                          Log& log) {
  check_data(model, data);
  const FrameFormat given = frame_format_of(data, model.options);
  const LinearMap to_model = model_scale(given, model.file.frames);
  if (to_model.factor != 1 || to_model.shift != 0) {
    log.info("the data are scaled otherwise than those of the model: they are brought to its scale");
  }
  Evaluation evaluation =
      run_contest(data, options, model.file.frames, to_model,
                  {.forecast = [&](const Batch& batch) { return model_forecast(backend, model, batch); },
                   .guide = guide_maker_for(model.options, given, options.guides)});
  evaluation.name = model.path;
  return evaluation;
}

Evaluation evaluate_baselines(const DataSet& data, const EvaluateOptions& options) {
  if (options.baselines.empty()) reject("[evaluate] neither a model nor a baseline to score");
  Evaluation evaluation = run_contest(data, options, frame_format_of(data, {}), {}, {});
  evaluation.name = "baselines";
  return evaluation;
}

}  // namespace nextframe
