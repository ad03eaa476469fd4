#include "core/train/evaluator.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "core/base/error.h"
#include "core/baselines/baseline.h"
#include "core/frames/batch.h"
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

/// A baseline or the model, with what it has collected.
struct Entrant {
  std::string name;
  std::unique_ptr<Baseline> baseline = {};  ///< null: the model
  ScoreSheet sheet;
  EventHistory events = {};
  std::vector<std::optional<double>> psnr = {};  ///< of each sequence; for model and persistence only
  bool keeps_psnr = false;

  Entrant(std::string entrant, std::unique_ptr<Baseline> made_by, const ScoreSelection& scores, std::int64_t horizon)
      : name(std::move(entrant)),
        baseline(std::move(made_by)),
        sheet(name, scores, horizon),
        keeps_psnr(!baseline || name == "persistence") {}

  void add(const ForecastBatch& sequence) {
    sheet.add(sequence);
    events.remember(sheet);
    if (keeps_psnr) psnr.push_back(sequence_psnr(sequence, 0));
  }
};

std::vector<Entrant> make_entrants(const EvaluateOptions& options, std::int64_t horizon) {
  const ScoreSelection scores = with_usual_metrics(options.scores);
  std::vector<Entrant> entrants;
  entrants.emplace_back("model", nullptr, scores, horizon);
  for (const std::string& name : options.baselines) {
    entrants.emplace_back(name, find_baseline(options.baseline_table, name).make(options.baseline_options), scores,
                          horizon);
  }
  return entrants;
}

std::vector<float> model_forecast(Backend& backend, EncoderForecaster& network, const Batch& batch) {
  const Tensor context = backend.allocate(context_shape(batch), DType::kFloat32);
  backend.upload(batch.context.data(), context);
  const Tensor prediction = network.forward(context, batch.horizon, Mode::kInference);
  std::vector<float> forecast(static_cast<std::size_t>(prediction.elements()));
  backend.download(prediction, forecast.data());
  return forecast;
}

/// One column of [T,N,...] where a frame has `elements` numbers; empty stays empty.
std::vector<float> column_of(const std::vector<float>& values, std::int64_t sequences, std::int64_t sequence,
                             std::int64_t elements) {
  std::vector<float> column;
  const std::int64_t step = sequences * elements;
  for (std::int64_t first = sequence * elements; first < std::ssize(values); first += step) {
    column.insert(column.end(), values.begin() + first, values.begin() + first + elements);
  }
  return column;
}

/// One sequence of a batch on the scale of the scores, [T,1,H,W,C], with what the model forecast.
struct SequenceOfBatch {
  std::vector<float> context, context_mask, truth, forecast;
  std::vector<float> mask;  ///< [L,1,H,W,1], always there

  SequenceOfBatch(const Batch& batch, const std::vector<float>& forecasts, std::int64_t sequence) {
    const std::int64_t area = batch.height * batch.width, frame = area * batch.channels;
    context = column_of(batch.context, batch.sequences, sequence, frame);
    context_mask = column_of(batch.context_mask, batch.sequences, sequence, area);
    truth = column_of(batch.target, batch.sequences, sequence, frame);
    forecast = column_of(forecasts, batch.sequences, sequence, frame);
    mask = column_of(batch.mask, batch.sequences, sequence, area);
    if (mask.empty()) mask.assign(static_cast<std::size_t>(batch.horizon * area), 1);
  }

  ContextFrames context_frames(const Batch& batch) const {
    return {.frames = context.data(),
            .mask = context_mask.empty() ? nullptr : context_mask.data(),
            .length = batch.context_length,
            .sequences = 1,
            .height = batch.height,
            .width = batch.width,
            .channels = batch.channels};
  }
  ForecastBatch scored(const Batch& batch, const std::vector<float>& values) const {
    return {.forecast = values.data(),
            .truth = truth.data(),
            .mask = mask.data(),
            .horizon = batch.horizon,
            .sequences = 1,
            .height = batch.height,
            .width = batch.width,
            .channels = batch.channels};
  }
};

void intersect(std::vector<float>& mask, const std::vector<float>& other) {
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (other[i] == 0) mask[i] = 0;
  }
}

/// Scores one sequence of all entrants on the pixels that all of them know.
void score_sequence(const Batch& batch, const std::vector<float>& model_forecasts, std::int64_t n,
                    std::vector<Entrant>& entrants, std::vector<std::int64_t>& valid_pixels,
                    const SequenceVisitor& visit) {
  SequenceOfBatch sequence(batch, model_forecasts, n);
  std::vector<std::vector<float>> forecasts;
  for (const Entrant& entrant : entrants) {
    if (!entrant.baseline) {
      forecasts.push_back(std::move(sequence.forecast));
      continue;
    }
    BaselineForecast made = entrant.baseline->forecast(sequence.context_frames(batch), batch.horizon);
    intersect(sequence.mask, made.mask);
    forecasts.push_back(std::move(made.frames));
  }
  const std::int64_t area = batch.height * batch.width;
  for (std::int64_t lead = 0; lead < batch.horizon; ++lead) {
    const auto first = sequence.mask.begin() + lead * area;
    valid_pixels[static_cast<std::size_t>(lead)] += std::count_if(first, first + area, [](float m) { return m != 0; });
  }
  std::vector<ForecastBatch> scored;
  for (const std::vector<float>& forecast : forecasts) scored.push_back(sequence.scored(batch, forecast));
  for (std::size_t i = 0; i < entrants.size(); ++i) entrants[i].add(scored[i]);
  if (visit) visit(batch.windows[static_cast<std::size_t>(n)], scored);
}

/// Shows the frames to train on to the baselines that learn from them; where there are none they know the context only.
void teach(std::vector<Entrant>& entrants, const DataSet& data, const LinearMap& to_model, const LinearMap& to_unit) {
  const bool learns = std::any_of(entrants.begin(), entrants.end(),
                                  [](const Entrant& e) { return e.baseline && e.baseline->learns(); });
  const std::int64_t windows = data.window_count(Split::kTrain);
  if (!learns || windows == 0) return;
  constexpr std::int64_t kEnough = 400;
  BatchLoader loader(data, {.split = Split::kTrain, .order = BatchOrder::kSequential, .batch = 1, .limit = kEnough});
  Batch batch;
  while (loader.next(batch)) {
    to_model.apply(batch.context);
    to_unit.apply(batch.context);
    const SequenceOfBatch sequence(batch, batch.target, 0);
    for (Entrant& entrant : entrants) {
      if (entrant.baseline && entrant.baseline->learns()) entrant.baseline->learn(sequence.context_frames(batch));
    }
  }
}

void check_data(const TrainedModel& model, const DataSet& data) {
  if (data.channels() != model.file.frames.input_channels) {
    reject("[evaluate] the data have {} channels, the model {} was trained on {}", data.channels(), model.path,
           model.file.frames.input_channels);
  }
}

}  // namespace

Evaluation evaluate_model(Backend& backend, TrainedModel& model, const DataSet& data, const EvaluateOptions& options,
                          Log& log) {
  check_data(model, data);
  const std::int64_t horizon = data.options().horizon;
  const LinearMap to_model = model_scale(frame_format_of(data), model.file.frames);
  if (to_model.factor != 1 || to_model.shift != 0) {
    log.info("the data are scaled otherwise than those of the model: they are brought to its scale");
  }
  const LinearMap to_unit = unit_scale_of(model.file.frames);
  std::vector<Entrant> entrants = make_entrants(options, horizon);
  teach(entrants, data, to_model, to_unit);

  Evaluation evaluation;
  evaluation.name = model.path;
  evaluation.data = data.clips().empty() ? "generated" : data.clips().front().name;
  evaluation.horizon = horizon;
  if (data.frames_per_second() > 0) {
    evaluation.seconds_per_frame = static_cast<double>(data.options().gap) / data.frames_per_second();
  }
  evaluation.valid_pixels.assign(static_cast<std::size_t>(horizon), 0);

  const std::int64_t windows = data.window_count(options.split);
  const std::int64_t total = options.limit > 0 ? std::min(options.limit, windows) : windows;
  BatchLoader loader(data, {.split = options.split,
                            .order = BatchOrder::kSequential,
                            .batch = options.batch,
                            .seed = 1,
                            .first_batch = 0,
                            .limit = options.limit});
  Progress progress({.label = "evaluate", .unit = "sequence", .total = total, .display = options.display});
  Batch batch;
  while (loader.next(batch)) {
    options.between_batches();
    to_model.apply(batch.context);
    to_model.apply(batch.target);
    std::vector<float> forecast = model_forecast(backend, *model.network, batch);
    for (std::vector<float>* values : {&forecast, &batch.context, &batch.target}) to_unit.apply(*values);
    for (std::int64_t n = 0; n < batch.sequences; ++n) {
      score_sequence(batch, forecast, n, entrants, evaluation.valid_pixels, options.visit);
    }
    evaluation.sequences += batch.sequences;
    progress.update(evaluation.sequences, "");
  }
  progress.finish();

  const std::int64_t block = overlapping_windows(data, windows, evaluation.sequences);
  for (const Entrant& entrant : entrants) {
    evaluation.forecasters.push_back(entrant.sheet.scores());
    if (!entrant.baseline) continue;
    if (entrant.keeps_psnr) evaluation.gain = psnr_gain(entrants.front().psnr, entrant.psnr, block);
    for (CsiGain& gain : entrants.front().events.gains_over(entrant.events, entrant.name, block)) {
      evaluation.csi_gains.push_back(std::move(gain));
    }
  }
  return evaluation;
}

}  // namespace nextframe
