#include "core/train/training_memory.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "core/backend/counting/counting_backend.h"
#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/text.h"
#include "core/frames/input_fields.h"
#include "core/train/forecaster.h"
#include "core/train/loss_unit.h"
#include "core/train/trained_model.h"

namespace nextframe {
namespace {

constexpr std::int64_t kFloat = sizeof(float);
/// What a training with validations takes beyond one without, measured: the curves are drawn four times as large as they
/// are saved, by libraries that nobody has touched before.
constexpr std::int64_t kPictures = 36'000'000;

constexpr std::int64_t kMotionBytes = 256'000'000;

/// Parts that are no layers.
constexpr std::string_view kParameters = "parameters";
constexpr std::string_view kOptimizer = "optimizer";
constexpr std::string_view kFrames = "frames";

/// A backend that only plans, and what it records.
struct Rehearsal {
  explicit Rehearsal(const Backend& real) : trace(std::make_shared<MemoryTrace>()), backend(real.make_planner(trace)) {
    if (!backend) backend = std::make_unique<CountingBackend>(trace);
  }

  std::shared_ptr<MemoryTrace> trace;
  std::unique_ptr<Backend> backend;
};

enum class Masked { kNo, kYes };

bool is_guided(const ModelOptions& model) { return model.guide != Guidance::kNone; }

/// A batch of the data's shape; its frames are never looked at.
Batch empty_batch(const DataSet& data, const ModelOptions& model, std::int64_t sequences, Masked masked) {
  Batch batch;
  batch.context_length = data.options().context;
  batch.horizon = data.options().horizon;
  batch.sequences = sequences;
  batch.height = data.crop_height();
  batch.width = data.crop_width();
  batch.channels = data.channels();
  batch.places.resize(static_cast<std::size_t>(sequences), {.frame_height = batch.height, .frame_width = batch.width});
  const std::int64_t pixels = sequences * batch.height * batch.width;
  batch.context.resize(static_cast<std::size_t>(batch.context_length * pixels * batch.channels));
  batch.target.resize(static_cast<std::size_t>(batch.horizon * pixels * batch.channels));
  const std::int64_t fields = data.inputs() != nullptr ? data.inputs()->channels() : 0;
  batch.context_inputs.resize(static_cast<std::size_t>(batch.context_length * pixels * fields));
  if (is_guided(model)) batch.guide.resize(batch.target.size());
  if (masked == Masked::kYes) {
    batch.mask.resize(static_cast<std::size_t>(batch.horizon * pixels));
    batch.context_mask.resize(static_cast<std::size_t>(batch.context_length * pixels));
  }
  return batch;
}

/// A batch is made to plan with it, and many more to train: where one is more than there is, no plan helps.
void check_one_batch(const TrainOptions& train, const DataSet& data) {
  const double bytes = static_cast<double>(train.batch) *
                       static_cast<double>(data.sequence_length() * data.channels()) *
                       static_cast<double>(data.crop_height() * data.crop_width()) * static_cast<double>(kFloat);
  const auto available = static_cast<double>(available_memory_bytes());
  if (available <= 0 || bytes <= available) return;
  reject(
      "[memory] the frames of one batch alone take {}, of {} that are available; lower train.batch, data.horizon, or "
      "data.crop",
      format_bytes(bytes), format_bytes(available));
}

std::int64_t validation_batch(const TrainOptions& train) {
  return train.validation_batch > 0 ? train.validation_batch : train.batch;
}

/// Batches in the program's own memory: those prepared ahead, the one being prepared, those in use.
std::int64_t batch_bytes(const ModelOptions& model, const TrainOptions& train, const DataSet& data) {
  const NetworkChannels channels = channels_of(frame_format_of(data, model));
  const std::int64_t frame = data.crop_height() * data.crop_width() * kFloat;
  const std::int64_t guide = is_guided(model) ? data.channels() * data.options().horizon : 0;
  const std::int64_t sequence =
      frame * (data.channels() * data.sequence_length() + guide + channels.fields * data.options().context +
               (data.has_masks() ? data.sequence_length() : 0));
  // What the network takes in is put together where it has channels beyond those of a frame.
  const std::int64_t joined = channels.input() > channels.frame ? frame * channels.input() * data.options().context : 0;
  const std::int64_t ahead = data.options().prefetch + 1;
  const std::int64_t whole = feeds_back(model) ? frame * data.channels() * data.sequence_length() : 0;
  const std::int64_t training = sequence * train.batch * (ahead + train.accumulate) + (joined + whole) * train.batch;
  if (data.window_count(Split::kValidation) == 0) return training;
  // The training batches prepared ahead wait meanwhile; the forecast and the samples are kept until they are scored.
  const std::int64_t forecast = frame * data.channels() * data.options().horizon;
  const std::int64_t validation = sequence * train.batch * ahead +
                                  (sequence * (ahead + 1) + joined + forecast) * validation_batch(train) +
                                  (sequence + forecast) * train.samples;
  return std::max(training, validation);
}

/// "encoder.0.rnn" of "encoder.0.rnn.input.weight", "head.1" of "head.1.bias".
std::string layer_of(const std::string& parameter) {
  const std::vector<std::string> names = split(parameter, '.');
  const std::size_t count = names.front() == "head" ? 2 : 3;
  return join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(count, names.size()))}, ".");
}

std::int64_t as_signed(std::size_t bytes) { return static_cast<std::int64_t>(bytes); }

/// What a rehearsal recorded from `start` on, layers in the order of their parameters.
MemoryReport report_of(const Rehearsal& rehearsal, ParameterSet& parameters, MemoryTrace::Moment start) {
  MemoryReport report;
  std::map<std::string, std::size_t> rows;
  std::int64_t values = 0;
  const auto row = [&](const std::string& name) -> MemoryReport::Layer& {
    const auto [found, added] = rows.emplace(name, report.layers.size());
    if (added) report.layers.push_back({.name = name});
    return report.layers[found->second];
  };
  for (const Parameter& parameter : parameters.entries()) {
    const std::int64_t bytes = as_signed(parameter.value.bytes());
    row(layer_of(parameter.declaration.name)).parameters += bytes;
    values += bytes;
  }
  for (const auto& [key, size] : rehearsal.trace->peak(start).in_use) {
    const auto& [part, use] = key;
    const std::int64_t bytes = as_signed(size);
    if (part == kParameters) {
      report.optimizer += bytes - values;  // the rest are gradients
    } else if (part == kOptimizer) {
      report.optimizer += bytes;
    } else if (part == kFrames) {
      report.frames += bytes;
    } else if (!rows.contains(part)) {
      report.other += bytes;
    } else if (use == MemoryUse::kTensor) {
      row(part).activations += bytes;
    } else {
      row(part).workspace += bytes;
    }
  }
  for (const auto& [part, bytes] : rehearsal.trace->copies()) {
    (rows.contains(part) ? row(part).workspace : report.other) += as_signed(bytes);
  }
  report.program = as_signed(resident_memory_bytes());
  return report;
}

}  // namespace

std::int64_t MemoryReport::total() const {
  std::int64_t sum = optimizer + frames + other + gaps + batches + guides + pictures + program;
  for (const Layer& layer : layers) sum += layer.parameters + layer.activations + layer.workspace;
  return sum;
}

LearnerMemory plan_learner(const Backend& backend, const ModelOptions& model, const TrainOptions& train,
                           const DataSet& data) {
  check_one_batch(train, data);
  const Rehearsal rehearsal(backend);
  LearnerMemory memory;
  const FrameFormat frames = frame_format_of(data, model);
  Learner learner(*rehearsal.backend, model, train, channels_of(frames),
                  {.context = data.options().context, .horizon = data.options().horizon},
                  loss_unit_of(data, frames, train.loss));
  MemoryTrace::Moment start = rehearsal.trace->now();
  const Masked masked = data.has_masks() ? Masked::kYes : Masked::kNo;
  const bool weighted = data.options().sampling.unbiased;  // weights of sequences go into the mask
  learner.add_gradient(empty_batch(data, model, train.batch, weighted ? Masked::kYes : masked), 1.0);
  memory.plans.gradient = std::make_shared<MemoryPlan>(plan_memory(*rehearsal.trace, start));
  const MemoryPlan* largest = memory.plans.gradient.get();
  memory.report = report_of(rehearsal, learner.model().parameters(), start);
  if (data.window_count(Split::kValidation) > 0) {
    start = rehearsal.trace->now();
    learner.add_loss(empty_batch(data, model, validation_batch(train), masked));
    memory.plans.forecast = std::make_shared<MemoryPlan>(plan_memory(*rehearsal.trace, start));
    if (memory.plans.forecast->bytes > largest->bytes) {
      largest = memory.plans.forecast.get();
      memory.report = report_of(rehearsal, learner.model().parameters(), start);
    }
    memory.report.pictures = kPictures;
  }
  memory.report.gaps = as_signed(largest->bytes - largest->peak_bytes);
  // The motions that guides keep, of training and of validation, at most.
  if (is_guided(model)) memory.report.guides = 2 * kMotionBytes;
  memory.report.batches = batch_bytes(model, train, data);
  return memory;
}

MemoryReport plan_forecast(const Backend& backend, const ModelOptions& model, Precision precision,
                           const ForecastShape& shape, const ExecutionOptions& execution) {
  const Rehearsal rehearsal(backend);
  const std::unique_ptr<Network> network =
      make_network(*rehearsal.backend, activation_type(precision, *rehearsal.backend), model, shape.channels.input(),
                   shape.channels.frame);
  network->set_execution(execution);
  const MemoryTrace::Moment start = rehearsal.trace->now();
  {
    const auto take = [&](std::int64_t steps) {
      const Part part(*rehearsal.backend, kFrames);
      return rehearsal.backend->allocate({steps, shape.sequences, shape.height, shape.width, shape.channels.input()},
                                         DType::kFloat32);
    };
    const bool together = shape.arrival == ForecastShape::Arrival::kTogether;
    ModelState state = network->observe(take(together ? shape.context : 1), {});
    if (!together) state = network->observe(take(1), state);
    const std::int64_t steps = std::min(Forecaster::kChunk, shape.horizon);
    const Shape guide{steps, shape.sequences, shape.height, shape.width, shape.channels.frame};
    network->predict(state, steps, network->guided() ? rehearsal.backend->allocate(guide, DType::kFloat32) : Tensor());
  }
  MemoryReport report = report_of(rehearsal, network->parameters(), start);
  report.optimizer = 0;  // a forecast never touches the gradients
  report.batches = shape.sequences * shape.height * shape.width * shape.channels.input() * kFloat *
                   (shape.context + std::max(Forecaster::kChunk, shape.horizon));
  return report;
}

}  // namespace nextframe
