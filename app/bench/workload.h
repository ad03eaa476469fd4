#pragma once

#include <cstdint>
#include <memory>

#include "core/backend/backend.h"
#include "core/backend/factory.h"
#include "core/loss/loss.h"
#include "core/model/encoder_forecaster.h"
#include "core/optim/optimizer.h"

namespace nextframe::app {

/// A network and the frames that go through it.
struct WorkloadOptions {
  ModelOptions model;
  LossOptions loss;
  OptimizerOptions optimizer;
  GradientClipping clipping;
  std::int64_t batch = 4;
  std::int64_t context = 10;
  std::int64_t horizon = 10;
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t channels = 1;
};

/// The parts of a training step, and a forecast, on random frames: to be timed on a real backend or counted on a
/// counting one, which then sees the same operations.
class Workload {
 public:
  enum class Frames { kRandom, kUndefined };

  Workload(Backend& backend, const WorkloadOptions& options, Frames frames);

  void forward();
  void backward();
  void update();
  void forecast();
  EncoderForecaster& network() { return network_; }

 private:
  Tensor make_frames(std::int64_t steps, std::uint64_t stream, Frames frames);

  Backend& backend_;
  WorkloadOptions options_;
  EncoderForecaster network_;
  Loss loss_;
  Optimizer optimizer_;
  Tensor context_;
  Tensor target_;
  Tensor prediction_;
};

}  // namespace nextframe::app
