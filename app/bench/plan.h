#pragma once

#include <cstdint>

#include "app/bench/workload.h"

namespace nextframe::app {

/// What a training step and a forecast will take, found by running both on a backend that only counts.
struct Plan {
  std::int64_t parameters = 0;
  double forward_operations = 0;  ///< floating-point operations that are needed, a multiply-add being two
  double backward_operations = 0;
  double update_operations = 0;
  double forecast_operations = 0;
  double response_operations = 0;
  double forward_traffic = 0;  ///< bytes that the operations read and write, each tensor once an operation
  double backward_traffic = 0;
  double update_traffic = 0;
  double forecast_traffic = 0;
  double response_traffic = 0;

  double step_operations() const { return forward_operations + backward_operations + update_operations; }
  double step_traffic() const { return forward_traffic + backward_traffic + update_traffic; }
};

Plan make_plan(const WorkloadOptions& options);

}  // namespace nextframe::app
