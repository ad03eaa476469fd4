#include "core/train/learner.h"

#include <cmath>
#include <exception>

#include "core/train/guides.h"
#include "core/train/host_values.h"

namespace nextframe {
namespace {

/// Of frames, losses and weights; the network chooses its own for what lies between.
constexpr DType kDType = DType::kFloat32;

GradientClipping clipping_of(const TrainOptions& train) { return {.norm = train.clip_norm, .value = train.clip_value}; }

Shape mask_shape(const Batch& batch) { return target_shape(batch).with(-1, 1); }

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
      model_(backend, activation_type(train.precision, backend), model, channels.input(), channels.frame),
      loss_(backend, kDType, train.loss, lengths.horizon, unit),
      optimizer_(backend, train.optimizer, clipping_of(train), model_.parameters().values(),
                 model_.parameters().gradients()) {
  model_.set_execution(execution_of(train, model, lengths));
  model_.initialise(train.init, static_cast<std::uint64_t>(train.seed));
  if (train.ema > 0) average_.emplace(backend, train.ema, model_.parameters().values());
}

Tensor Learner::upload(std::span<const float> values, const Shape& shape) {
  const Part part(backend_, "frames");
  return to_backend(backend_, values, shape);
}

Tensor Learner::upload_context(const Batch& batch) {
  return upload(network_input(batch, channels_, input_), context_shape(batch, channels_));
}

Tensor Learner::upload_guide(const Batch& batch) {
  const Part part(backend_, "frames");
  return guide_of(backend_, batch);
}

Tensor Learner::upload_mask(const Batch& batch) {
  if (batch.weights.empty()) return batch.mask.empty() ? Tensor() : upload(batch.mask, mask_shape(batch));
  std::vector<float> mask = batch.mask;
  mask.resize(static_cast<std::size_t>(mask_shape(batch).elements()), 1.0F);
  const auto area = static_cast<std::size_t>(batch.height * batch.width);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    mask[i] *= static_cast<float>(batch.weights[i / area % batch.weights.size()]);
  }
  return upload(mask, mask_shape(batch));
}

Learner::StepResult Learner::step(std::span<const Batch> batches, double lr,
                                  const std::function<void(const StepResult&)>& before_update) {
  double valid_weight = 0;
  for (const Batch& batch : batches) valid_weight += loss_.valid_weight(target_shape(batch), batch.mask);
  model_.parameters().zero_gradients();
  loss_.begin();
  for (const Batch& batch : batches) add_gradient(batch, valid_weight);
  StepResult result{.loss = loss_.value(), .gradient_norm = optimizer_.measure_gradient()};
  result.finite = std::isfinite(result.loss) && std::isfinite(result.gradient_norm);
  if (!result.finite) return result;
  if (before_update) before_update(result);
  optimizer_.step(lr);
  model_.parameters().mark_changed();
  if (average_) average_->update(optimizer_.steps());
  return result;
}

void Learner::add_gradient(const Batch& batch, double valid_weight) {
  const PlannedMemory memory(backend_, plans_.gradient);
  Tensor prediction = model_.forward(upload_context(batch), batch.horizon, Mode::kTraining, upload_guide(batch));
  const Tensor dprediction = backend_.allocate(prediction.shape(), kDType);
  {
    const Tensor mask = upload_mask(batch);
    loss_.add(prediction, upload(batch.target, target_shape(batch)), mask, valid_weight, dprediction);
  }
  prediction = Tensor();
  model_.backward(dprediction);
}

Tensor Learner::add_loss(const Batch& batch) {
  const Tensor prediction = model_.forward(upload_context(batch), batch.horizon, Mode::kInference, upload_guide(batch));
  const Tensor mask = upload_mask(batch);
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
  model_.parameters().mark_changed();
}

}  // namespace nextframe
