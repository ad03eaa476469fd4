#pragma once

#include <cstdint>

#include "app/bench/bench_report.h"
#include "app/bench/workload.h"
#include "core/backend/factory.h"
#include "core/train/precision.h"

namespace nextframe::app {

/// kOperations also takes the training step apart by kinds of operations.
enum class BenchDetail { kParts, kOperations };

struct BenchOptions {
  WorkloadOptions work;
  Precision precision = Precision::kFloat32;  ///< decides about work.activations once there is a backend
  std::int64_t segment_where_needed = 0;      ///< work.execution.segment where the memory does not suffice; 0: never
  BackendOptions backend;
  std::int64_t rounds = 5;  ///< at least so many; more where they are short, until about a second is over
  BenchDetail detail = BenchDetail::kParts;
};

/// Trains on and forecasts random frames, and answers single ones, after one round to warm up; measures the processor's
/// own peak before and after, and its memory at the end.
BenchReport run_bench(const BenchOptions& options);

}  // namespace nextframe::app
