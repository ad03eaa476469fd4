#include "app/bench/bench_report.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/output.h"
#include "core/base/format.h"
#include "core/base/text.h"

namespace nextframe::app {
namespace {

const char* name_of(NumberFormat format) { return format == NumberFormat::kBf16 ? "bf16" : "float32"; }

struct NamedPart {
  const char* key;
  const char* title;
  const BenchPart& part;
};

std::vector<NamedPart> parts_of(const BenchReport& report) {
  return {{"forward", "forward", report.forward},       {"backward", "backward", report.backward},
          {"optimizer", "optimizer", report.optimizer}, {"step", "training step", report.step},
          {"forecast", "forecast", report.forecast},    {"response", "next frame, state held", report.response}};
}

std::string share(double value, double whole) { return whole > 0 ? format("{:.2f}", value / whole) : "-"; }

std::vector<std::string> row_of(const NamedPart& named, const BenchReport& report) {
  const BenchPart& part = named.part;
  return {named.title,
          format("{:.5g}", part.seconds * 1e3),
          format("{:.4g}", part.flops / 1e9),
          format("{:.1f}", part.gflops()),
          share(part.gflops(), report.peak().gflops),
          format("{:.4g}", part.bytes / 1e9),
          share(part.gigabytes_per_second(), report.machine.gigabytes_per_second)};
}

std::string milliseconds(double seconds) { return format("{:.4g}", seconds * 1e3); }

/// Where each percent of a training step goes.
std::string operations_text(const BenchReport& report) {
  const StepTimes& step = report.operations;
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"operations of a training step", "calls", "ms", "of the step", "GFLOP/s", "GB/s", "at peak, ms"});
  double rest = step.seconds;
  const auto percent = [&](double seconds) { return format("{:.1f} %", 100 * seconds / step.seconds); };
  for (const OperationTime& time : step.operations) {
    rest -= time.seconds;
    rows.push_back({format("{}, {}", name_of(time.phase), name_of(time.kind)), format("{:.0f}", time.calls),
                    milliseconds(time.seconds), percent(time.seconds),
                    format("{:.1f}", time.flops / time.seconds / 1e9),
                    format("{:.1f}", time.bytes / time.seconds / 1e9), milliseconds(report.at_peak_seconds(time))});
  }
  rows.push_back({"between the operations", "", milliseconds(rest), percent(rest), "", "", ""});
  return "\n" + aligned_table(rows);
}

std::string peak_text(NumberFormat number_format, const FmaPeak& peak) {
  return format("{} {:.1f} GFLOP/s ({})", name_of(number_format), peak.gflops, peak.instructions);
}

}  // namespace

double BenchReport::at_peak_seconds(const OperationTime& time) const {
  if (machine.gigabytes_per_second == 0) return 0;
  const bool multiplies = time.kind == OperationKind::kConvolution ||
                          time.kind == OperationKind::kConvolutionTransposed ||
                          time.kind == OperationKind::kWeightGradient;
  const double gflops = multiplies ? peak().gflops : machine.float32.gflops;
  return std::max(time.flops / gflops, time.bytes / machine.gigabytes_per_second) / 1e9;
}

json::Value BenchReport::to_json() const {
  json::Value out = json::Value::object();
  out.set("backend", backend);
  out.set("threads", threads);
  out.set("instructions", instructions);
  out.set("precision", name_of(format));
  out.set("precision_emulated", emulated);
  out.set("batch", work.batch);
  out.set("context", work.context);
  out.set("horizon", work.horizon);
  out.set("height", work.height);
  out.set("width", work.width);
  out.set("channels", work.channels);
  out.set("parameters", parameters);
  out.set("segment", work.execution.segment);
  out.set("rounds", rounds);
  for (const NamedPart& named : parts_of(*this)) {
    const std::string name = named.key;
    const BenchPart& part = named.part;
    out.set(name + "_seconds", part.seconds);
    out.set(name + "_gflop", part.flops / 1e9);
    out.set(name + "_gflops", part.gflops());
    if (peak().gflops > 0) out.set(name + "_share_of_peak", part.gflops() / peak().gflops);
    out.set(name + "_gigabytes", part.bytes / 1e9);
    if (machine.gigabytes_per_second > 0) {
      out.set(name + "_share_of_bandwidth", part.gigabytes_per_second() / machine.gigabytes_per_second);
    }
  }
  out.set("peak_gflops", peak().gflops);
  out.set("peak_instructions", peak().instructions);
  out.set("float32_peak_gflops", machine.float32.gflops);
  out.set("float32_peak_instructions", machine.float32.instructions);
  out.set("bf16_peak_gflops", machine.bf16.gflops);
  out.set("bf16_peak_instructions", machine.bf16.instructions);
  out.set("bandwidth_gigabytes_per_second", machine.gigabytes_per_second);
  out.set("training_peak_bytes", training_peak_bytes);
  out.set("peak_bytes", peak_bytes);
  if (!operations.operations.empty()) {
    json::Value times = json::Value::array();
    for (const OperationTime& time : operations.operations) {
      json::Value entry = json::Value::object();
      entry.set("phase", std::string(nextframe::name_of(time.phase)));
      entry.set("kind", std::string(nextframe::name_of(time.kind)));
      entry.set("calls", time.calls);
      entry.set("seconds", time.seconds);
      entry.set("gflop", time.flops / 1e9);
      entry.set("gigabytes", time.bytes / 1e9);
      entry.set("at_peak_seconds", at_peak_seconds(time));
      times.push_back(std::move(entry));
    }
    out.set("operations", std::move(times));
    out.set("operations_step_seconds", operations.seconds);
  }
  return out;
}

std::string BenchReport::to_text() const {
  const std::string many = threads == 1 ? "" : "s";
  std::string out = nextframe::format(
      "{} sequences of {} + {} frames, {}x{}x{}; {} parameters; {}{}; backend {} ({}), {} thread{}\n\n", work.batch,
      work.context, work.horizon, work.height, work.width, work.channels,
      with_thousands(static_cast<double>(parameters)), name_of(format), emulated ? " by way of float32" : "", backend,
      instructions, threads, many);
  if (work.execution.segment > 0) {
    out += nextframe::format("activations recomputed in segments of {} steps\n\n", work.execution.segment);
  }
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"part", "ms", "GFLOP needed", "GFLOP/s", "of peak", "GB moved", "of bandwidth"});
  for (const NamedPart& named : parts_of(*this)) rows.push_back(row_of(named, *this));
  out += aligned_table(rows);
  if (!operations.operations.empty()) out += operations_text(*this);
  out +=
      "\nConvolutions are counted as their direct sums; Winograd's algorithm needs fewer, so shares above 1 are "
      "possible.\n";
  if (peak().gflops > 0) {
    out += nextframe::format("{} thread{} in this run: {}, {}, memory {:.1f} GB/s\n", threads, many,
                             peak_text(NumberFormat::kFloat32, machine.float32),
                             peak_text(NumberFormat::kBf16, machine.bf16), machine.gigabytes_per_second);
  }
  out += nextframe::format("largest memory use: {} training, {} with the forecasts after it\n",
                           format_bytes(static_cast<double>(training_peak_bytes)),
                           format_bytes(static_cast<double>(peak_bytes)));
  return out;
}

}  // namespace nextframe::app
