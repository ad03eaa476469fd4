#include "app/bench/bench_run.h"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <thread>

#include "app/bench/fma_peak.h"
#include "app/bench/memory_bandwidth.h"
#include "app/bench/plan.h"
#include "core/base/clock.h"
#include "core/base/memory.h"

namespace nextframe::app {
namespace {

constexpr double kPeakSeconds = 0.4;
constexpr double kBandwidthSeconds = 0.5;
/// Short rounds are repeated until so much time is over, but not for ever.
constexpr double kLeastSeconds = 1.0;
constexpr std::int64_t kMostRounds = 1000;

double seconds_of(Backend& backend, const std::function<void()>& work) {
  Stopwatch watch;
  work();
  backend.sync();
  return watch.seconds();
}

/// The least of each of the times that `work` gives: after a call that builds plans, `rounds` calls or more, as
/// BenchOptions::rounds says.
template <class Work>
auto best_of(std::int64_t rounds, const Work& work) {
  work();
  Stopwatch all;
  auto best = work();
  for (std::int64_t i = 1; i < rounds || (all.seconds() < kLeastSeconds && i < kMostRounds); ++i) {
    const auto times = work();
    std::transform(times.begin(), times.end(), best.begin(), best.begin(),
                   [](double a, double b) { return std::min(a, b); });
  }
  return best;
}

void measure_step(Backend& backend, Workload& work, BenchReport& report) {
  const std::array<double, 4> times = best_of(report.rounds, [&] {
    const double forward = seconds_of(backend, [&] { work.forward(); });
    const double backward = seconds_of(backend, [&] { work.backward(); });
    const double update = seconds_of(backend, [&] { work.update(); });
    return std::array{forward, backward, update, forward + backward + update};
  });
  report.forward.seconds = times[0];
  report.backward.seconds = times[1];
  report.optimizer.seconds = times[2];
  report.step.seconds = times[3];
}

void measure_forecast(Backend& backend, Workload& work, BenchReport& report) {
  const auto seconds = [&](const std::function<void()>& part) {
    return best_of(report.rounds, [&] { return std::array{seconds_of(backend, part)}; })[0];
  };
  report.forecast.seconds = seconds([&] { work.forecast(); });
  work.observe_past();
  report.response.seconds = seconds([&] { work.respond(); });
}

int thread_count(const BackendOptions& options) {
  return options.threads > 0 ? options.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void measure_peak(NumberFormat format, int threads, FmaPeak& peak) {
  const FmaPeak measured = measure_fma_peak(format, threads, kPeakSeconds);
  if (measured.gflops > peak.gflops) peak = measured;
}

void measure_peaks(int threads, MachinePeak& machine) {
  measure_peak(NumberFormat::kFloat32, threads, machine.float32);
  measure_peak(NumberFormat::kBf16, threads, machine.bf16);
}

/// The memory of a training step, with segments where it is too little without.
std::shared_ptr<const MemoryPlan> plan_step(const Backend& backend, const BenchOptions& options,
                                            WorkloadOptions& work) {
  auto plan = Workload::plan_memory(backend, work);
  const std::uint64_t available = available_memory_bytes();
  if (options.segment_where_needed == 0 || !plan || available == 0 || plan->bytes <= available) return plan;
  work.execution.segment = options.segment_where_needed;
  return Workload::plan_memory(backend, work);
}

void count(const WorkloadOptions& options, BenchReport& report) {
  const Plan plan = make_plan(options);
  const auto set = [](BenchPart& part, double operations, double traffic) {
    part.flops = operations;
    part.bytes = traffic;
  };
  report.parameters = plan.parameters;
  set(report.forward, plan.forward_operations, plan.forward_traffic);
  set(report.backward, plan.backward_operations, plan.backward_traffic);
  set(report.optimizer, plan.update_operations, plan.update_traffic);
  set(report.step, plan.step_operations(), plan.step_traffic());
  set(report.forecast, plan.forecast_operations, plan.forecast_traffic);
  set(report.response, plan.response_operations, plan.response_traffic);
}

}  // namespace

BenchReport run_bench(const BenchOptions& options) {
  const std::unique_ptr<Backend> backend = make_backend(options.backend);
  BenchReport report;
  report.work = options.work;
  report.work.activations = activation_type(options.precision, *backend);
  report.instructions = std::string(backend->instructions());
  report.emulated = report.work.activations == DType::kBFloat16 && backend->bf16_support() == Bf16Support::kEmulated;
  if (report.work.activations == DType::kBFloat16) report.format = NumberFormat::kBf16;
  report.backend = std::string(backend->name());
  report.threads = thread_count(options.backend);
  report.rounds = options.rounds;
  const auto plan = plan_step(*backend, options, report.work);
  count(report.work, report);
  const bool on_processor = report.backend != "cuda";
  if (on_processor) measure_peaks(report.threads, report.machine);
  {
    Workload work(*backend, report.work, Workload::Frames::kRandom);
    work.follow(plan);
    measure_step(*backend, work, report);
    report.training_peak_bytes = peak_memory_bytes();
    measure_forecast(*backend, work, report);
    report.peak_bytes = peak_memory_bytes();
  }
  if (options.detail == BenchDetail::kOperations) {
    report.operations = measure_operations(report.work, options.backend, options.rounds);
  }
  if (on_processor) {
    measure_peaks(report.threads, report.machine);
    // Last, since its arrays are larger than a small network.
    report.machine.gigabytes_per_second = measure_memory_bandwidth(*backend, report.threads, kBandwidthSeconds);
  }
  return report;
}

}  // namespace nextframe::app
