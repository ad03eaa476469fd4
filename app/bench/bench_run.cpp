#include "app/bench/bench_run.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "app/bench/fma_peak.h"
#include "app/bench/plan.h"
#include "app/output.h"
#include "core/base/clock.h"
#include "core/base/format.h"
#include "core/base/memory.h"
#include "core/base/text.h"

namespace nextframe::app {
namespace {

constexpr double kPeakSeconds = 0.6;

double seconds_of(Backend& backend, const std::function<void()>& work) {
  Stopwatch watch;
  work();
  backend.sync();
  return watch.seconds();
}

void keep_best(BenchPart& part, double seconds) {
  part.seconds = part.seconds == 0 ? seconds : std::min(part.seconds, seconds);
}

void measure(Backend& backend, Workload& work, BenchReport& report) {
  // The first round builds every plan and is not counted.
  for (std::int64_t round = 0; round <= report.options.rounds; ++round) {
    const double forward = seconds_of(backend, [&] { work.forward(); });
    const double backward = seconds_of(backend, [&] { work.backward(); });
    const double update = seconds_of(backend, [&] { work.update(); });
    if (round == 0) continue;
    keep_best(report.forward, forward);
    keep_best(report.backward, backward);
    keep_best(report.optimizer, update);
    keep_best(report.step, forward + backward + update);
  }
  report.peak_bytes = peak_memory_bytes();
  for (std::int64_t round = 0; round <= report.options.rounds; ++round) {
    const double seconds = seconds_of(backend, [&] { work.forecast(); });
    if (round > 0) keep_best(report.forecast, seconds);
  }
  report.peak_bytes = std::max(report.peak_bytes, peak_memory_bytes());
}

int thread_count(const BackendOptions& options) {
  return options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::vector<std::string> row_of(const std::string& name, const BenchPart& part, double peak) {
  std::vector<std::string> row{name, format("{:.4f}", part.seconds)};
  row.push_back(format("{:.2f}", part.flops / 1e9));
  row.push_back(format("{:.1f}", part.gflops()));
  row.push_back(peak > 0 ? format("{:.2f}", part.gflops() / peak) : "-");
  return row;
}

}  // namespace

json::Value BenchReport::to_json() const {
  json::Value out = json::Value::object();
  out.set("backend", backend);
  out.set("threads", threads);
  out.set("batch", options.work.batch);
  out.set("context", options.work.context);
  out.set("horizon", options.work.horizon);
  out.set("height", options.work.height);
  out.set("width", options.work.width);
  out.set("channels", options.work.channels);
  out.set("parameters", parameters);
  out.set("rounds", options.rounds);
  const auto part = [&](const std::string& name, const BenchPart& value) {
    out.set(name + "_seconds", value.seconds);
    out.set(name + "_gflop", value.flops / 1e9);
    out.set(name + "_gflops", value.gflops());
    if (peak_gflops > 0) out.set(name + "_share_of_peak", value.gflops() / peak_gflops);
  };
  part("forward", forward);
  part("backward", backward);
  part("optimizer", optimizer);
  part("step", step);
  part("forecast", forecast);
  out.set("peak_gflops", peak_gflops);
  out.set("peak_instructions", peak_instructions);
  out.set("peak_bytes", peak_bytes);
  return out;
}

std::string BenchReport::to_text() const {
  std::string out =
      format("{} sequences of {} + {} frames, {}x{}x{}; {} parameters; backend {}, {} thread{}\n\n", options.work.batch,
             options.work.context, options.work.horizon, options.work.height, options.work.width, options.work.channels,
             with_thousands(static_cast<double>(parameters)), backend, threads, threads == 1 ? "" : "s");
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"part", "seconds", "GFLOP needed", "GFLOP/s", "share of peak"});
  rows.push_back(row_of("forward", forward, peak_gflops));
  rows.push_back(row_of("backward", backward, peak_gflops));
  rows.push_back(row_of("optimizer", optimizer, peak_gflops));
  rows.push_back(row_of("training step", step, peak_gflops));
  rows.push_back(row_of("forecast", forecast, peak_gflops));
  out += aligned_table(rows);
  if (peak_gflops > 0) {
    out += format("\npeak of {} thread{} ({}): {:.1f} GFLOP/s, measured in this run\n", threads,
                  threads == 1 ? "" : "s", peak_instructions, peak_gflops);
  }
  out += format("largest memory use: {}\n", format_bytes(static_cast<double>(peak_bytes)));
  return out;
}

BenchReport run_bench(const BenchOptions& options) {
  const std::unique_ptr<Backend> backend = make_backend(options.backend);
  BenchReport report;
  report.options = options;
  report.backend = std::string(backend->name());
  report.threads = thread_count(options.backend);
  const bool on_processor = report.backend != "cuda";
  if (on_processor) {
    const FmaPeak peak = measure_fma_peak(report.threads, kPeakSeconds);
    report.peak_gflops = peak.gflops;
    report.peak_instructions = peak.instructions;
  }
  const Plan plan = make_plan(options.work);
  report.parameters = plan.parameters;
  report.forward.flops = plan.forward_operations;
  report.backward.flops = plan.backward_operations;
  report.optimizer.flops = plan.update_operations;
  report.step.flops = plan.step_operations();
  report.forecast.flops = plan.forecast_operations;
  {
    Workload work(*backend, options.work, Workload::Frames::kRandom);
    measure(*backend, work, report);
  }
  if (on_processor) {
    report.peak_gflops = std::max(report.peak_gflops, measure_fma_peak(report.threads, kPeakSeconds).gflops);
  }
  return report;
}

}  // namespace nextframe::app
