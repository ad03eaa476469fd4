#include "core/train/memory_limit.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/text.h"

namespace nextframe {
namespace {

std::string bytes_text(std::int64_t bytes) { return format_bytes(static_cast<double>(bytes)); }

/// The bytes that this process may have in all; 0 where nobody knows.
std::int64_t available_to_process() {
  const std::uint64_t available = available_memory_bytes();
  return available == 0 ? 0 : static_cast<std::int64_t>(available + resident_memory_bytes());
}

/// Segment lengths to try: 0 for no recomputation, then a half, a third, ... of the longer part of the sequence, down to
/// the one of the least memory.
std::vector<std::int64_t> segments_to_try(const TrainOptions& train, const ModelOptions& model,
                                          const SequenceLengths& lengths, bool limited) {
  const bool open = train.segment == 0 && (limited || train.recompute == Recompute::kAuto);
  if (model.architecture == Architecture::kStackPair) return {0};
  if (!open) return {execution_of(train, model, lengths).segment};
  std::vector<std::int64_t> segments;
  if (train.recompute != Recompute::kSegments) segments.push_back(0);
  const std::int64_t longest = longest_segment(model, lengths);
  const std::int64_t least = least_memory_segment(model, lengths);
  for (std::int64_t pieces = 2; pieces <= longest; ++pieces) {
    const std::int64_t segment = (longest + pieces - 1) / pieces;
    if (segment < least) break;
    if (segments.empty() || segments.back() != segment) segments.push_back(segment);
  }
  if (segments.empty() || segments.back() != least) segments.push_back(least);
  return segments;
}

TrainOptions with_segment(TrainOptions train, std::int64_t segment) {
  train.recompute = segment > 0 ? Recompute::kSegments : Recompute::kNone;
  train.segment = segment;
  return train;
}

std::string describe(std::int64_t segment) {
  return segment > 0 ? format("recomputation in segments of {} steps", segment) : std::string("no recomputation");
}

[[noreturn]] void refuse_limit(std::string_view what, std::int64_t limit, std::int64_t smallest,
                               std::string_view advice) {
  reject("[memory] {} within {} is not possible: {} is the smallest limit that would do; {}", what, bytes_text(limit),
         bytes_text(smallest), advice);
}

}  // namespace

TrainingFit fit_training(const Backend& backend, const ModelOptions& model, const TrainOptions& train,
                         const DataSet& data, std::optional<std::int64_t> limit) {
  const SequenceLengths lengths{.context = data.options().context, .horizon = data.options().horizon};
  const std::vector<std::int64_t> segments = segments_to_try(train, model, lengths, limit.has_value());
  const std::int64_t room = limit.value_or(available_to_process());
  std::int64_t smallest = 0;
  for (const std::int64_t segment : segments) {
    TrainingFit fit{.train = segments.size() > 1 ? with_segment(train, segment) : train, .memory = {}, .chosen = {}};
    fit.memory = plan_learner(backend, model, fit.train, data);
    const std::int64_t total = fit.memory.report.total();
    smallest = smallest == 0 ? total : std::min(smallest, total);
    if (room > 0 && total > room) continue;
    if (limit || segments.size() > 1) {
      fit.chosen = format("memory: {} of {} {}, with {}", bytes_text(total), bytes_text(room),
                          limit ? "allowed" : "available", describe(segment));
    }
    return fit;
  }
  const std::string advice =
      "a smaller train.batch (with train.accumulate), train.validation_batch, data.crop, data.size or data.context "
      "needs less";
  if (limit) refuse_limit("training", *limit, smallest, advice);
  reject("[train] needs about {} of memory, {} is available; {}{}", bytes_text(smallest), bytes_text(room), advice,
         train.recompute == Recompute::kNone ? ", and so does train.recompute \"auto\"" : "");
}

namespace {

/// From the fastest to the one of the least memory.
std::vector<ExecutionOptions> forecasts_to_try(const ForecastShape& shape) {
  std::vector<ExecutionOptions> tries{{}, {.forecast_chunk = 1}};
  for (std::int64_t rows = shape.height / 2; rows >= 8; rows /= 2) {
    tries.push_back({.forecast_chunk = 1, .tile_rows = rows});
  }
  return tries;
}

std::string describe(const ExecutionOptions& execution) {
  if (execution.tile_rows > 0) return format("a step at a time in tiles of {} rows", execution.tile_rows);
  return execution.forecast_chunk > 0 ? "a step at a time" : "steps and tiles as they are fastest";
}

}  // namespace

ForecastFit fit_forecast(const Backend& backend, const ModelOptions& model, Precision precision,
                         const ForecastShape& shape, std::optional<std::int64_t> limit) {
  std::int64_t smallest = 0;
  for (const ExecutionOptions& execution : forecasts_to_try(shape)) {
    ForecastFit fit{
        .execution = execution, .report = plan_forecast(backend, model, precision, shape, execution), .chosen = {}};
    const std::int64_t total = fit.report.total();
    if (!limit) return fit;
    smallest = smallest == 0 ? total : std::min(smallest, total);
    if (total > *limit) continue;
    fit.chosen = format("memory: {} of {} allowed, {}", bytes_text(total), bytes_text(*limit), describe(execution));
    return fit;
  }
  refuse_limit(
      "forecasting", *limit, smallest,
      shape.arrival == ForecastShape::Arrival::kTogether ? "a smaller --batch needs less" : "smaller frames need less");
}

}  // namespace nextframe
