#include "core/train/contest.h"

#include <algorithm>
#include <utility>

namespace nextframe {
namespace {

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

/// One sequence of a batch, [T,1,H,W,C], in the network's numbers.
struct BatchColumn {
  std::int64_t context_length, horizon, height, width, channels;
  std::vector<float> context, context_mask, target, forecast;
  std::vector<float> mask;  ///< [L,1,H,W,1], always there

  BatchColumn(const Batch& batch, std::int64_t n)
      : context_length(batch.context_length),
        horizon(batch.horizon),
        height(batch.height),
        width(batch.width),
        channels(batch.channels) {
    const std::int64_t area = height * width;
    context = column_of(batch.context, batch.sequences, n, area * channels);
    context_mask = column_of(batch.context_mask, batch.sequences, n, area);
    target = column_of(batch.target, batch.sequences, n, area * channels);
    mask = column_of(batch.mask, batch.sequences, n, area);
    if (mask.empty()) mask.assign(static_cast<std::size_t>(horizon * area), 1);
  }

  ContextFrames context_frames(FieldKind kind) const {
    return {.frames = context.data(),
            .mask = context_mask.empty() ? nullptr : context_mask.data(),
            .length = context_length,
            .sequences = 1,
            .height = height,
            .width = width,
            .channels = channels,
            .kind = kind};
  }
  /// The forecast and the truth on some scale.
  ForecastBatch scored(const std::vector<float>& values, const std::vector<float>& truth) const {
    return {.forecast = values.data(),
            .truth = truth.data(),
            .mask = mask.data(),
            .horizon = horizon,
            .sequences = 1,
            .height = height,
            .width = width,
            .channels = channels};
  }
};

void intersect(std::vector<float>& mask, const std::vector<float>& other) {
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (other[i] == 0) mask[i] = 0;
  }
}

/// The same frames as values and scaled to 0..1; one copy where the two are the same.
struct ScaledFrames {
  std::vector<float> values;
  std::vector<float> unit;

  const std::vector<float>& on(ScoreScale scale) const {
    return scale == ScoreScale::kUnit && !unit.empty() ? unit : values;
  }
};

ScaledFrames from_network(std::vector<float> numbers, const ScoreScales& scales) {
  ScaledFrames frames;
  if (scales.two()) {
    frames.unit = numbers;
    scales.network_to_unit(frames.unit);
  }
  scales.network_to_values(numbers);
  frames.values = std::move(numbers);
  return frames;
}

ScaledFrames from_values(std::vector<float> values, const ScoreScales& scales) {
  ScaledFrames frames;
  if (scales.two()) {
    frames.unit = values;
    scales.values_to_unit(frames.unit);
  }
  frames.values = std::move(values);
  return frames;
}

}  // namespace

Contest::Contest(const EvaluateOptions& options, const Field& field, const ScoreScales& scales)
    : scales_(scales),
      visit_(options.visit),
      field_(field),
      block_(shortened_block(field.sequences, field.overlap)),
      valid_pixels_(static_cast<std::size_t>(field.horizon)) {
  const ScoreSelection scores = with_usual_metrics(options.scores, scales.kind());
  for (const std::string& name : field.models) add_entrant(name, nullptr, scores);
  for (const std::string& name : options.baselines) {
    add_entrant(name, find_baseline(options.baseline_table, name).make(options.baseline_options), scores);
  }
}

void Contest::add_entrant(const std::string& name, std::unique_ptr<Baseline> baseline, const ScoreSelection& scores) {
  entrants_.push_back(
      {.name = name, .baseline = std::move(baseline), .sheet = ScoreSheet(name, scores, field_.horizon)});
  entrants_.back().sheet.resample();
}

bool Contest::learns() const {
  return std::any_of(entrants_.begin(), entrants_.end(),
                     [](const Entrant& entrant) { return entrant.baseline && entrant.baseline->learns(); });
}

void Contest::learn(const Batch& batch) {
  for (std::int64_t n = 0; n < batch.sequences; ++n) {
    BatchColumn column(batch, n);
    scales_.network_to_values(column.context);
    for (Entrant& entrant : entrants_) {
      if (entrant.baseline && entrant.baseline->learns()) {
        entrant.baseline->learn(column.context_frames(scales_.kind()));
      }
    }
  }
}

void Contest::add(const Batch& batch, const std::vector<std::vector<float>>& forecasts) {
  for (std::int64_t n = 0; n < batch.sequences; ++n) {
    add_sequence(batch, forecasts, n);
    if (++in_block_ == block_) end_block();
  }
  sequences_ += batch.sequences;
}

void Contest::end_block() {
  if (in_block_ == 0) return;
  const std::span<const std::uint8_t> weights = weights_.next();
  for (Entrant& entrant : entrants_) entrant.sheet.end_block(weights);
  in_block_ = 0;
}

void Contest::add_sequence(const Batch& batch, const std::vector<std::vector<float>>& model_forecasts, std::int64_t n) {
  BatchColumn column(batch, n);
  scales_.network_to_values(column.context);
  const ScaledFrames truth = from_network(std::move(column.target), scales_);
  std::vector<ScaledFrames> forecasts;
  for (const Entrant& entrant : entrants_) {
    if (!entrant.baseline) {
      const std::int64_t elements = batch.height * batch.width * batch.channels;
      const std::vector<float>& forecast = model_forecasts[forecasts.size()];
      forecasts.push_back(from_network(column_of(forecast, batch.sequences, n, elements), scales_));
      continue;
    }
    BaselineForecast made = entrant.baseline->forecast(column.context_frames(scales_.kind()), field_.horizon);
    intersect(column.mask, made.mask);
    forecasts.push_back(from_values(std::move(made.frames), scales_));
  }
  const std::int64_t area = batch.height * batch.width;
  for (std::int64_t lead = 0; lead < field_.horizon; ++lead) {
    const auto first = column.mask.begin() + lead * area;
    valid_pixels_[static_cast<std::size_t>(lead)] += std::count_if(first, first + area, [](float m) { return m != 0; });
  }
  std::vector<ForecastBatch> values, unit;
  for (std::size_t i = 0; i < entrants_.size(); ++i) {
    const auto on = [&](ScoreScale scale) { return column.scored(forecasts[i].on(scale), truth.on(scale)); };
    values.push_back(on(ScoreScale::kValue));
    unit.push_back(on(ScoreScale::kUnit));
    Entrant& entrant = entrants_[i];
    entrant.sheet.add(unit.back(), values.back());
    entrant.events.remember(entrant.sheet);
    if (entrant.keeps_psnr()) entrant.psnr.push_back(sequence_psnr(unit.back(), 0));
  }
  if (!visit_) return;
  const std::int64_t window = batch.windows[static_cast<std::size_t>(n)];
  visit_({.number = window,
          .place = field_.place ? field_.place(window) : SequencePlace{},
          .context = column.context_frames(scales_.kind()),
          .values = values,
          .unit = unit});
}

const Contest::Entrant* Contest::persistence() const {
  const auto found = std::find_if(entrants_.begin(), entrants_.end(),
                                  [](const Entrant& entrant) { return entrant.name == "persistence"; });
  return found == entrants_.end() ? nullptr : &*found;
}

void Contest::add_gains(const Entrant& of, const Entrant& over, Evaluation& evaluation) const {
  for (CsiGain& gain : of.events.gains_over(over.events, field_.overlap)) {
    gain.of = of.name;
    gain.over = over.name;
    evaluation.csi_gains.push_back(std::move(gain));
  }
}

void Contest::finish(Evaluation& evaluation) {
  end_block();
  evaluation.sequences = sequences_;
  evaluation.horizon = field_.horizon;
  evaluation.block = block_;
  evaluation.whole_block = std::max<std::int64_t>(field_.overlap, 1);
  evaluation.units = scales_.units();
  evaluation.valid_pixels = valid_pixels_;
  const auto intervals =
      weights_.blocks() < kFewestBlocks ? ScoreSheet::Intervals::kNone : ScoreSheet::Intervals::kOfResamples;
  for (const Entrant& entrant : entrants_) evaluation.forecasters.push_back(entrant.sheet.scores(intervals));
  compare_with_first(evaluation.forecasters);
  if (entrants_.empty()) return;
  const Entrant& first = entrants_.front();
  const Entrant* still = persistence();
  if (first.baseline) {
    // Without a model the question is what each baseline is worth.
    for (const Entrant& entrant : entrants_) {
      if (still != nullptr && &entrant != still) add_gains(entrant, *still, evaluation);
    }
    return;
  }
  if (still != nullptr) evaluation.gain = psnr_gain(first.psnr, still->psnr, field_.overlap);
  for (const Entrant& entrant : entrants_) {
    if (&entrant != &first) add_gains(first, entrant, evaluation);
  }
}

}  // namespace nextframe
