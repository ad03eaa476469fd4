#include "core/train/learner.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "core/train/guides.h"
#include "core/train/host_values.h"

namespace nextframe {
namespace {

/// Of frames, losses and weights; the network chooses its own for what lies between.
constexpr DType kDType = DType::kFloat32;

GradientClipping clipping_of(const TrainOptions& train) { return {.norm = train.clip_norm, .value = train.clip_value}; }

}  // namespace

Shape context_shape(const Batch& batch, const NetworkChannels& channels) {
  return {batch.context_length, batch.sequences, batch.height, batch.width, channels.input()};
}

Shape target_shape(const Batch& batch) {
  return {batch.horizon, batch.sequences, batch.height, batch.width, batch.channels};
}

Learner::Learner(Backend& backend, const ModelOptions& model, const TrainOptions& train,
                 const NetworkChannels& channels, const SequenceLengths& lengths, const LossUnit& unit)
    : backend_(backend),
      channels_(channels),
      sampling_(train.scheduled_sampling),
      seed_(static_cast<std::uint64_t>(train.seed)),
      model_(make_network(backend, activation_type(train.precision, backend), model, channels.input(), channels.frame)),
      loss_(backend, kDType, train.loss, lengths.horizon, unit),
      optimizer_(backend, train.optimizer, clipping_of(train), model_->parameters().values(),
                 model_->parameters().gradients()) {
  model_->set_execution(execution_of(train, model, lengths));
  model_->initialise(train.init, static_cast<std::uint64_t>(train.seed));
  if (train.ema > 0) average_.emplace(backend, train.ema, model_->parameters().values());
}

Tensor Learner::upload(std::span<const float> values, const Shape& shape) {
  const Part part(backend_, "frames");
  return to_backend(backend_, values, shape);
}

Tensor Learner::upload_context(const Batch& batch) {
  return upload(network_input(batch, channels_, input_), context_shape(batch, channels_));
}

Tensor Learner::upload_sequence(const Batch& batch) {
  std::vector<float> frames = batch.context;
  frames.insert(frames.end(), batch.target.begin(), batch.target.end());
  // What nobody observed is 0 to the network, as in a context.
  for (std::size_t i = 0; i < batch.mask.size(); ++i) {
    if (batch.mask[i] != 0) continue;
    const auto pixel = frames.begin() + std::ssize(batch.context) + static_cast<std::ptrdiff_t>(i) * batch.channels;
    std::fill_n(pixel, batch.channels, 0.0F);
  }
  return upload(frames, target_shape(batch).with(0, batch.context_length + batch.horizon));
}

Tensor Learner::upload_guide(const Batch& batch) {
  const Part part(backend_, "frames");
  return guide_of(backend_, batch);
}

Shape Learner::learnt_shape(const Batch& batch) const {
  return target_shape(batch).with(0, model_->predicted_steps({batch.context_length, batch.horizon}));
}

std::vector<float> Learner::learnt_mask(const Batch& batch) const {
  if (!model_->feeds_back() || batch.mask.empty()) return batch.mask;
  const std::int64_t frame = batch.sequences * batch.height * batch.width;
  std::vector<float> mask(batch.context_mask.begin() + frame, batch.context_mask.end());
  mask.insert(mask.end(), batch.mask.begin(), batch.mask.end());
  return mask;
}

Tensor Learner::upload_mask(const Batch& batch, const std::vector<float>& mask, std::int64_t frames) {
  const Shape shape = target_shape(batch).with(0, frames).with(-1, 1);
  if (batch.weights.empty()) return mask.empty() ? Tensor() : upload(mask, shape);
  std::vector<float> weighted = mask;
  weighted.resize(static_cast<std::size_t>(shape.elements()), 1.0F);
  const auto area = static_cast<std::size_t>(batch.height * batch.width);
  for (std::size_t i = 0; i < weighted.size(); ++i) {
    weighted[i] *= static_cast<float>(batch.weights[i / area % batch.weights.size()]);
  }
  return upload(weighted, shape);
}

/// `frames` is empty, or all of a batch's, for a network that feeds back.
TrainingInput Learner::training_input(const Batch& batch, const Tensor& frames, std::int64_t index) {
  TrainingInput input{.frames = {}, .context = batch.context_length, .horizon = batch.horizon};
  if (!frames) {
    input.frames = upload_context(batch);
    input.guide = upload_guide(batch);
    return input;
  }
  input.frames = frames.range(0, frames.dimension(0) - 1);
  input.truth = draw_truth(sampling_, {.seed = seed_, .steps = optimizer_.steps(), .batch = index},
                           (batch.horizon - 1) * batch.sequences);
  return input;
}

Learner::StepResult Learner::step(std::span<const Batch> batches, double lr,
                                  const std::function<void(const StepResult&)>& before_update) {
  double valid_weight = 0;
  for (const Batch& batch : batches) valid_weight += loss_.valid_weight(learnt_shape(batch), learnt_mask(batch));
  model_->parameters().zero_gradients();
  loss_.begin();
  for (std::size_t i = 0; i < batches.size(); ++i) add_gradient(batches[i], valid_weight, static_cast<std::int64_t>(i));
  StepResult result{.loss = loss_.value(), .gradient_norm = optimizer_.measure_gradient()};
  result.finite = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (!result.finite) return result;
  if (before_update) before_update(result);
  optimizer_.step(lr);
  model_->parameters().mark_changed();
  if (average_) average_->update(optimizer_.steps());
  return result;
}

void Learner::add_gradient(const Batch& batch, double valid_weight, std::int64_t index) {
  const PlannedMemory memory(backend_, plans_.gradient);
  Tensor frames, target;
  if (model_->feeds_back()) {
    frames = upload_sequence(batch);
    target = frames.range(1, frames.dimension(0));
  }
  Tensor prediction = model_->forward_training(training_input(batch, frames, index));
  const Tensor dprediction = backend_.allocate(prediction.shape(), kDType);
  {
    const Tensor mask = upload_mask(batch, learnt_mask(batch), prediction.dimension(0));
    if (!target) target = upload(batch.target, target_shape(batch));
    loss_.add(prediction, target, mask, valid_weight, dprediction);
  }
  frames = target = prediction = Tensor();
  model_->backward(dprediction);
}

Tensor Learner::add_loss(const Batch& batch) {
  const Tensor prediction =
      model_->forward(upload_context(batch), batch.horizon, Mode::kInference, upload_guide(batch));
  const Tensor mask = upload_mask(batch, batch.mask, batch.horizon);
  loss_.add(prediction, upload(batch.target, target_shape(batch)), mask, 1.0, {});
  return prediction;
}

Learner::Forecast Learner::forecast(const Batch& batch) {
  const PlannedMemory memory(backend_, plans_.forecast);
  Forecast forecast;
  forecast.valid_weight = loss_.valid_weight(target_shape(batch), batch.mask);
  loss_.begin();
  const Tensor prediction = add_loss(batch);
  forecast.weighted_loss = loss_.value();
  forecast.frames = to_host(backend_, prediction);
  return forecast;
}

void Learner::with_average(const std::function<void()>& work) {
  if (!average_) return work();
  swap_average();
  try {
    work();
  } catch (...) {
    try {
      swap_average();
    } catch (const std::exception&) {
      // The first error is the one to report, and nobody trains on after it.
    }
    throw;
  }
  swap_average();
}

void Learner::swap_average() {
  average_->swap();
  model_->parameters().mark_changed();
}

}  // namespace nextframe
