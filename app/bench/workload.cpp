#include "app/bench/workload.h"

#include <vector>

#include "core/base/random.h"

namespace nextframe::app {

Workload::Workload(Backend& backend, const WorkloadOptions& options, Frames frames)
    : backend_(backend),
      options_(options),
      network_(backend, DType::kFloat32, options.model, options.channels, options.channels),
      loss_(backend, DType::kFloat32, options.loss, options.horizon),
      optimizer_(backend, options.optimizer, options.clipping, network_.parameters().values(),
                 network_.parameters().gradients()),
      context_(make_frames(options.context, 1, frames)),
      target_(make_frames(options.horizon, 2, frames)) {
  network_.initialise(Initialisation::kDefault, 1);
}

void Workload::forward() { prediction_ = network_.forward(context_, options_.horizon, Mode::kTraining); }

void Workload::backward() {
  network_.parameters().zero_gradients();
  loss_.begin();
  const Tensor dprediction = backend_.allocate(prediction_.shape(), DType::kFloat32);
  loss_.add(prediction_, target_, Tensor(), loss_.valid_weight(target_.shape(), {}), dprediction);
  prediction_ = Tensor();
  network_.backward(dprediction);
}

void Workload::update() {
  optimizer_.measure_gradient();
  optimizer_.step(options_.optimizer.lr);
  network_.parameters().mark_changed();
}

void Workload::forecast() { network_.forward(context_, options_.horizon, Mode::kInference); }

Tensor Workload::make_frames(std::int64_t steps, std::uint64_t stream, Frames frames) {
  const Shape shape{steps, options_.batch, options_.height, options_.width, options_.channels};
  Tensor made = backend_.allocate(shape, DType::kFloat32);
  if (frames == Frames::kUndefined) return made;
  Random random(1, stream);
  std::vector<float> values(static_cast<std::size_t>(made.elements()));
  for (float& value : values) value = static_cast<float>(random.uniform());
  backend_.upload(values.data(), made);
  return made;
}

}  // namespace nextframe::app
