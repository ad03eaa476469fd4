#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/backend/backend.h"
#include "core/backend/factory.h"
#include "core/loss/loss.h"
#include "core/model/network.h"
#include "core/optim/optimizer.h"

namespace nextframe::app {

/// A network and the frames that go through it.
struct WorkloadOptions {
  ModelOptions model;
  LossOptions loss;
  OptimizerOptions optimizer;
  GradientClipping clipping;
  ExecutionOptions execution;
  DType activations = DType::kFloat32;
  std::int64_t batch = 4;
  std::int64_t context = 10;
  std::int64_t horizon = 10;
  std::int64_t height = 64;
  std::int64_t width = 64;
  std::int64_t channels = 1;
  std::int64_t input_only_channels = 0;  ///< further ones of the context: mask, coordinates
};

/// The parts of a training step, a forecast and the answer to a new frame, on random frames: to be timed on a real backend or counted on a
/// counting one, which then sees the same operations.
class Workload {
 public:
  enum class Frames { kRandom, kUndefined };

  Workload(Backend& backend, const WorkloadOptions& options, Frames frames);

  void forward();
  void backward();
  void update();
  void forecast();
  /// One sequence up to its last frame but one, whose state is then held.
  void observe_past();
  /// After observe_past(): takes the last frame from host memory and leaves the first forecast frame there. The state held
  /// stays as it was.
  void respond();
  Network& network() { return *network_; }

  /// The memory of forward() and backward() together, found without performing them; null where the backend cannot tell.
  static std::shared_ptr<const MemoryPlan> plan_memory(const Backend& backend, const WorkloadOptions& options);
  /// From here on forward() and backward() take their memory by plan.
  void follow(std::shared_ptr<const MemoryPlan> plan) { plan_ = std::move(plan); }

 private:
  Tensor make_frames(std::int64_t steps, std::int64_t batch, std::int64_t channels, std::uint64_t stream,
                     Frames frames);
  Tensor guide_for(std::int64_t steps, std::int64_t batch, Frames frames);

  Backend& backend_;
  WorkloadOptions options_;
  std::unique_ptr<Network> network_;
  Loss loss_;
  Optimizer optimizer_;
  Tensor frames_;  ///< the context; for a network that feeds back the frames behind it, too
  Tensor context_;
  Tensor target_;
  Tensor guide_;  ///< empty for a network without one
  Tensor next_guide_;
  Tensor prediction_;
  std::shared_ptr<const MemoryPlan> plan_;
  std::optional<PlannedMemory> planned_;  ///< from forward() to the end of backward()
  ModelState past_;
  std::vector<float> last_frame_;
  std::vector<float> next_frame_;
};

}  // namespace nextframe::app
