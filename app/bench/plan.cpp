#include "app/bench/plan.h"

#include "core/backend/counting/counting_backend.h"

namespace nextframe::app {

Plan make_plan(const WorkloadOptions& options) {
  Plan plan;
  {
    CountingBackend counting;
    Workload work(counting, options, Workload::Frames::kUndefined);
    plan.parameters = work.network().parameters().elements();
    counting.restart();
    counting.set_phase(Phase::kForward);
    work.forward();
    counting.set_phase(Phase::kBackward);
    work.backward();
    counting.set_phase(Phase::kUpdate);
    work.update();
    plan.forward_operations = static_cast<double>(counting.total(Phase::kForward).operations);
    plan.backward_operations = static_cast<double>(counting.total(Phase::kBackward).operations);
    plan.update_operations = static_cast<double>(counting.total(Phase::kUpdate).operations);
    plan.training_bytes = counting.memory().peak_bytes();
    plan.by_purpose = counting.memory().at_peak();
  }
  CountingBackend counting;
  Workload work(counting, options, Workload::Frames::kUndefined);
  counting.restart();
  work.forecast();
  plan.forecast_operations = static_cast<double>(counting.total().operations);
  plan.forecast_bytes = counting.memory().peak_bytes();
  return plan;
}

}  // namespace nextframe::app
