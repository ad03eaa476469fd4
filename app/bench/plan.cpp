#include "app/bench/plan.h"

#include "core/backend/counting/counting_backend.h"

namespace nextframe::app {
namespace {

void take(const OperationTotal& total, double& operations, double& traffic) {
  operations = static_cast<double>(total.operations);
  traffic = static_cast<double>(total.bytes);
}

}  // namespace

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
    take(counting.total(Phase::kForward), plan.forward_operations, plan.forward_traffic);
    take(counting.total(Phase::kBackward), plan.backward_operations, plan.backward_traffic);
    take(counting.total(Phase::kUpdate), plan.update_operations, plan.update_traffic);
  }
  CountingBackend counting;
  Workload work(counting, options, Workload::Frames::kUndefined);
  counting.restart();
  work.forecast();
  take(counting.total(), plan.forecast_operations, plan.forecast_traffic);
  work.observe_past();
  counting.restart();
  work.respond();
  take(counting.total(), plan.response_operations, plan.response_traffic);
  return plan;
}

}  // namespace nextframe::app
