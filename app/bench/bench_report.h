#pragma once

#include <cstdint>
#include <string>

#include "app/bench/fma_peak.h"
#include "app/bench/operation_times.h"
#include "app/bench/workload.h"
#include "core/json/value.h"

namespace nextframe::app {

struct BenchPart {
  double seconds = 0;  ///< the best of all rounds
  double flops = 0;    ///< operations that are needed
  double bytes = 0;    ///< that the operations read and write, each tensor once an operation
  double gflops() const { return seconds > 0 ? flops / seconds / 1e9 : 0; }
  double gigabytes_per_second() const { return seconds > 0 ? bytes / seconds / 1e9 : 0; }
};

/// What the processor can do, measured beside the network; zeros on a GPU.
struct MachinePeak {
  FmaPeak float32;
  FmaPeak bf16;
  double gigabytes_per_second = 0;
};

struct BenchReport {
  WorkloadOptions work;
  std::string backend;
  std::string instructions;  ///< that the backend multiplies with
  bool emulated = false;     ///< whether bf16 goes through float32
  int threads = 0;
  std::int64_t rounds = 0;
  std::int64_t parameters = 0;
  NumberFormat format = NumberFormat::kFloat32;  ///< of the operands, whose peak the shares refer to
  BenchPart forward;
  BenchPart backward;
  BenchPart optimizer;
  BenchPart step;      ///< one whole training step
  BenchPart forecast;  ///< the same sequences without gradients
  BenchPart response;  ///< one sequence: from its last frame to the first forecast frame, the state held
  MachinePeak machine;
  StepTimes operations;                   ///< empty unless asked for
  std::uint64_t training_peak_bytes = 0;  ///< the process's largest resident size while it trained
  std::uint64_t peak_bytes = 0;           ///< the same while it trained and then forecast

  /// The least time that the operations can take on this machine; 0 where its peaks are not known.
  double at_peak_seconds(const OperationTime& time) const;
  const FmaPeak& peak() const { return format == NumberFormat::kBf16 ? machine.bf16 : machine.float32; }
  json::Value to_json() const;
  std::string to_text() const;
};

}  // namespace nextframe::app
