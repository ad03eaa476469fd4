#include "app/bench/operation_times.h"

#include "core/backend/counting/timed_backend.h"
#include "core/base/clock.h"

namespace nextframe::app {
namespace {

constexpr Phase kPhases[] = {Phase::kForward, Phase::kBackward, Phase::kUpdate};

void run_step(TimedBackend& backend, Workload& work) {
  backend.set_phase(Phase::kForward);
  work.forward();
  backend.set_phase(Phase::kBackward);
  work.backward();
  backend.set_phase(Phase::kUpdate);
  work.update();
}

}  // namespace

StepTimes measure_operations(const WorkloadOptions& options, const BackendOptions& backend_options,
                             std::int64_t rounds) {
  TimedBackend backend(make_backend(backend_options));
  Workload work(backend, options, Workload::Frames::kRandom);
  run_step(backend, work);
  backend.restart();
  Stopwatch watch;
  for (std::int64_t i = 0; i < rounds; ++i) run_step(backend, work);
  StepTimes times{.operations = {}, .seconds = watch.seconds() / static_cast<double>(rounds)};
  const auto mean = [&](auto sum) { return static_cast<double>(sum) / static_cast<double>(rounds); };
  for (const Phase phase : kPhases) {
    for (int i = 0; i <= static_cast<int>(OperationKind::kOptimizer); ++i) {
      const auto kind = static_cast<OperationKind>(i);
      const OperationTotal& total = backend.total(phase, kind);
      if (total.calls == 0) continue;
      times.operations.push_back({.phase = phase,
                                  .kind = kind,
                                  .calls = mean(total.calls),
                                  .seconds = mean(backend.seconds(phase, kind)),
                                  .flops = mean(total.operations),
                                  .bytes = mean(total.bytes)});
    }
  }
  return times;
}

}  // namespace nextframe::app
