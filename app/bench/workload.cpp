#include "app/bench/workload.h"

#include <vector>

#include "core/base/random.h"

namespace nextframe::app {
namespace {

/// Frames that a training pass gets.
std::int64_t known_frames(const WorkloadOptions& options) {
  return options.context + (feeds_back(options.model) ? options.horizon - 1 : 0);
}

}  // namespace

Workload::Workload(Backend& backend, const WorkloadOptions& options, Frames frames)
    : backend_(backend),
      options_(options),
      network_(make_network(backend, options.activations, options.model, options.channels + options.input_only_channels,
                            options.channels)),
      loss_(backend, DType::kFloat32, options.loss, options.horizon),
      optimizer_(backend, options.optimizer, options.clipping, network_->parameters().values(),
                 network_->parameters().gradients()),
      frames_(
          make_frames(known_frames(options), options.batch, options.channels + options.input_only_channels, 1, frames)),
      context_(frames_.range(0, options.context)),
      target_(make_frames(network_->predicted_steps({.context = options.context, .horizon = options.horizon}),
                          options.batch, options.channels, 2, frames)),
      guide_(guide_for(options.horizon, options.batch, frames)) {
  network_->set_execution(options.execution);
  network_->initialise(Initialisation::kDefault, 1);
}

std::shared_ptr<const MemoryPlan> Workload::plan_memory(const Backend& backend, const WorkloadOptions& options) {
  const auto trace = std::make_shared<MemoryTrace>();
  const std::unique_ptr<Backend> planner = backend.make_planner(trace);
  if (!planner) return nullptr;
  Workload work(*planner, options, Frames::kUndefined);
  const MemoryTrace::Moment start = trace->now();
  work.forward();
  work.backward();
  return std::make_shared<MemoryPlan>(nextframe::plan_memory(*trace, start));
}

void Workload::forward() {
  planned_.emplace(backend_, plan_);
  TrainingInput input{.frames = frames_, .context = options_.context, .horizon = options_.horizon, .guide = guide_};
  // Every second frame of its own: all that a step of scheduled sampling does.
  if (network_->feeds_back()) {
    input.truth.resize(static_cast<std::size_t>((options_.horizon - 1) * options_.batch));
    for (std::size_t i = 0; i < input.truth.size(); i += 2) input.truth[i] = 1;
  }
  prediction_ = network_->forward_training(input);
}

void Workload::backward() {
  network_->parameters().zero_gradients();
  loss_.begin();
  const Tensor dprediction = backend_.allocate(prediction_.shape(), DType::kFloat32);
  loss_.add(prediction_, target_, Tensor(), loss_.valid_weight(target_.shape(), {}), dprediction);
  prediction_ = Tensor();
  network_->backward(dprediction);
  planned_.reset();
}

void Workload::update() {
  optimizer_.measure_gradient();
  optimizer_.step(options_.optimizer.lr);
  network_->parameters().mark_changed();
}

void Workload::forecast() {
  const PlannedMemory memory(backend_, nullptr);
  network_->forward(context_, options_.horizon, Mode::kInference, guide_);
}

Tensor Workload::guide_for(std::int64_t steps, std::int64_t batch, Frames frames) {
  return network_->guided() ? make_frames(steps, batch, options_.channels, 4, frames) : Tensor();
}

void Workload::observe_past() {
  const std::int64_t channels = options_.channels + options_.input_only_channels;
  const Shape frame{1, 1, options_.height, options_.width, channels};
  last_frame_.assign(static_cast<std::size_t>(frame.elements()), 0.5F);
  next_frame_.assign(static_cast<std::size_t>(options_.height * options_.width * options_.channels), 0.0F);
  next_guide_ = guide_for(1, 1, Frames::kRandom);
  past_ = {};
  if (options_.context > 1) {
    past_ = network_->observe(make_frames(options_.context - 1, 1, channels, 3, Frames::kRandom), past_);
  }
}

void Workload::respond() {
  const PlannedMemory memory(backend_, nullptr);
  const std::int64_t channels = options_.channels + options_.input_only_channels;
  const Tensor frame = backend_.allocate({1, 1, options_.height, options_.width, channels}, DType::kFloat32);
  backend_.upload(last_frame_.data(), frame);
  ModelState state = network_->observe(frame, past_);
  backend_.download(network_->predict(state, 1, next_guide_), next_frame_.data());
}

Tensor Workload::make_frames(std::int64_t steps, std::int64_t batch, std::int64_t channels, std::uint64_t stream,
                             Frames frames) {
  const Shape shape{steps, batch, options_.height, options_.width, channels};
  Tensor made = backend_.allocate(shape, DType::kFloat32);
  if (frames == Frames::kUndefined) return made;
  Random random(1, stream);
  std::vector<float> values(static_cast<std::size_t>(made.elements()));
  for (float& value : values) value = static_cast<float>(random.uniform());
  backend_.upload(values.data(), made);
  return made;
}

}  // namespace nextframe::app
