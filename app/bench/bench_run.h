#pragma once

#include <cstdint>
#include <string>

#include "app/bench/workload.h"
#include "core/backend/factory.h"
#include "core/json/value.h"

namespace nextframe::app {

struct BenchOptions {
  WorkloadOptions work;
  BackendOptions backend;
  std::int64_t rounds = 5;
};

struct BenchPart {
  double seconds = 0;  ///< the best of all rounds
  double flops = 0;    ///< operations that are needed
  double gflops() const { return seconds > 0 ? flops / seconds / 1e9 : 0; }
};

struct BenchReport {
  BenchOptions options;
  std::string backend;
  int threads = 0;
  std::int64_t parameters = 0;
  BenchPart forward;
  BenchPart backward;
  BenchPart optimizer;
  BenchPart step;      ///< one whole training step
  BenchPart forecast;  ///< the same sequences without gradients
  double peak_gflops = 0;
  std::string peak_instructions;
  std::uint64_t peak_bytes = 0;  ///< the process's largest resident size

  json::Value to_json() const;
  std::string to_text() const;
};

/// Trains on and forecasts random frames, each part `rounds` times after one round to warm up, and measures the
/// processor's own peak before and after.
BenchReport run_bench(const BenchOptions& options);

}  // namespace nextframe::app
