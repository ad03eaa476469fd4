#pragma once

#include <cstdint>
#include <vector>

#include "app/bench/workload.h"
#include "core/backend/counting/counting_backend.h"
#include "core/backend/factory.h"

namespace nextframe::app {

/// What all operations of a kind take in one part of a training step: means over some steps.
struct OperationTime {
  Phase phase = Phase::kForward;
  OperationKind kind = OperationKind::kConvolution;
  double calls = 0;
  double seconds = 0;
  double flops = 0;
  double bytes = 0;
};

struct StepTimes {
  std::vector<OperationTime> operations;  ///< in the order of the enumerations, without those not used
  double seconds = 0;                     ///< of the whole step, what lies between the operations included
};

/// Runs training steps on a backend of its own, one to warm up and `rounds` that count, with a look at the clock before and
/// after each operation.
StepTimes measure_operations(const WorkloadOptions& work, const BackendOptions& backend, std::int64_t rounds);

}  // namespace nextframe::app
