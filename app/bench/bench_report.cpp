#include "app/bench/bench_report.h"

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

std::string peak_text(NumberFormat number_format, const FmaPeak& peak) {
  return format("{} {:.1f} GFLOP/s ({})", name_of(number_format), peak.gflops, peak.instructions);
}

}  // namespace

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
  out.set("peak_bytes", peak_bytes);
  return out;
}

std::string BenchReport::to_text() const {
  const std::string many = threads == 1 ? "" : "s";
  std::string out = nextframe::format(
      "{} sequences of {} + {} frames, {}x{}x{}; {} parameters; {}{}; backend {} ({}), {} thread{}\n\n", work.batch,
      work.context, work.horizon, work.height, work.width, work.channels,
      with_thousands(static_cast<double>(parameters)), name_of(format), emulated ? " by way of float32" : "", backend,
      instructions, threads, many);
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"part", "ms", "GFLOP needed", "GFLOP/s", "of peak", "GB moved", "of bandwidth"});
  for (const NamedPart& named : parts_of(*this)) rows.push_back(row_of(named, *this));
  out += aligned_table(rows);
  if (peak().gflops > 0) {
    out += nextframe::format("\n{} thread{} in this run: {}, {}, memory {:.1f} GB/s\n", threads, many,
                             peak_text(NumberFormat::kFloat32, machine.float32),
                             peak_text(NumberFormat::kBf16, machine.bf16), machine.gigabytes_per_second);
  }
  out += nextframe::format("largest memory use: {}\n", format_bytes(static_cast<double>(peak_bytes)));
  return out;
}

}  // namespace nextframe::app
