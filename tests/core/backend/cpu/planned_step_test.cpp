// A training step and a forecast of real networks, rehearsed on the planner and then run.

#include <gtest/gtest.h>

#include <memory>

#include "core/backend/cpu/backend_impl.h"
#include "core/model/network.h"

namespace nextframe::cpu {
namespace {

constexpr std::int64_t kContext = 4, kHorizon = 3, kBatch = 2, kSide = 16;

struct Case {
  CellKind cell = CellKind::kConvLstm;
  Reset reset = Reset::kAfter;
  Norm norm = Norm::kNone;
  std::int64_t segment = 0;
  Architecture architecture = Architecture::kEncoderForecaster;
};

ModelOptions network_options(const Case& c) {
  ModelOptions options;
  options.architecture = c.architecture;
  options.cell = c.cell;
  options.reset = c.reset;
  options.norm = c.norm;
  options.patch = 2;
  options.levels.resize(2);
  if (c.architecture == Architecture::kStack) {
    for (LevelOptions& level : options.levels) level.hidden = 6;
    return options;
  }
  options.levels[0] = {.conv = {.channels = 5, .kernel = 3}, .hidden = 6, .kernel = 3, .input_kernel = 3, .up = {}};
  options.levels[1] = {
      .conv = {.channels = 7, .kernel = 3, .stride = 2}, .hidden = 8, .kernel = 5, .input_kernel = 3, .up = {}};
  return options;
}

struct Network {
  Network(Backend& used, const ModelOptions& options, std::int64_t segment)
      : backend(used), network(make_network(used, DType::kFloat32, options, 1, 1)) {
    network->set_execution({.segment = segment});
    network->initialise(Initialisation::kDefault, 1);
  }

  void step(const std::shared_ptr<const MemoryPlan>& plan, std::int64_t batch = kBatch) {
    const PlannedMemory memory(backend, plan);
    const Tensor frames = backend.zeros({kContext, batch, kSide, kSide, 1}, DType::kFloat32);
    const Tensor prediction = network->forward(frames, kHorizon, Mode::kTraining);
    const Tensor dprediction = backend.allocate(prediction.shape(), DType::kFloat32);
    backend.fill(1.0, dprediction);
    network->parameters().zero_gradients();
    network->backward(dprediction);
    network->parameters().mark_changed();
  }

  Backend& backend;
  std::unique_ptr<nextframe::Network> network;
};

std::shared_ptr<const MemoryPlan> plan_of(const Backend& backend, const ModelOptions& options, std::int64_t segment) {
  const auto trace = std::make_shared<MemoryTrace>();
  const std::unique_ptr<Backend> planner = backend.make_planner(trace);
  Network network(*planner, options, segment);
  const MemoryTrace::Moment start = trace->now();
  network.step(nullptr);
  return std::make_shared<MemoryPlan>(plan_memory(*trace, start));
}

class PlannedStep : public testing::TestWithParam<Case> {};

TEST_P(PlannedStep, TakesItsMemoryAsPlanned) {
  const std::int64_t segment = GetParam().segment;
  const ModelOptions options = network_options(GetParam());
  CpuBackend backend({.threads = 2});
  const auto plan = plan_of(backend, options, segment);
  EXPECT_LE(static_cast<double>(plan->bytes), 1.03 * static_cast<double>(plan->peak_bytes));
  Network network(backend, options, segment);
  for (int step = 0; step < 3; ++step) network.step(plan);
  EXPECT_EQ(backend.pool().departures(), 0);
}

TEST_P(PlannedStep, AnotherBatchSizeGivesTheSameAsWithoutPlan) {
  const std::int64_t segment = GetParam().segment;
  const ModelOptions options = network_options(GetParam());
  const auto gradients = [&](const std::shared_ptr<const MemoryPlan>& plan, CpuBackend& backend) {
    Network network(backend, options, segment);
    network.step(plan);
    network.step(plan, kBatch + 1);
    std::vector<float> values(static_cast<std::size_t>(network.network->parameters().elements()));
    backend.download(network.network->parameters().gradients(), values.data());
    return values;
  };
  CpuBackend plain({.threads = 2}), planned({.threads = 2});
  EXPECT_EQ(gradients(nullptr, plain), gradients(plan_of(planned, options, segment), planned));
  EXPECT_GT(planned.pool().departures(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, PlannedStep,
    testing::Values(Case{}, Case{.segment = 2}, Case{.norm = Norm::kGroup}, Case{.cell = CellKind::kConvGru},
                    Case{.cell = CellKind::kTrajGru}, Case{.cell = CellKind::kTrajGru, .segment = 2},
                    Case{.cell = CellKind::kConvGru, .reset = Reset::kBefore, .norm = Norm::kGroup, .segment = 1},
                    Case{.architecture = Architecture::kStack},
                    Case{.segment = 2, .architecture = Architecture::kStack}));

}  // namespace
}  // namespace nextframe::cpu
