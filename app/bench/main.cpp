#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/bench/bench_config.h"
#include "app/output.h"
#include "app/values.h"
#include "core/base/error.h"

namespace {

constexpr const char* kUsage =
    "Usage: nextframe-bench CONFIG [--set KEY=VALUE]... [--rounds N] [--threads N] [--device cpu|cuda|auto]\n"
    "                       [--precision float32|bf16|auto] [--operations] [--json]\n"
    "\n"
    "The bench command of nextframe as a program of its own, for machines that have a compiler and nothing else.\n";

int bench(const std::vector<std::string>& words) {
  using namespace nextframe;
  std::string config;
  std::vector<std::string> overrides;
  BackendOptions backend;
  std::int64_t rounds = 5;
  bool as_json = false;
  app::BenchDetail detail = app::BenchDetail::kParts;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto value = [&]() -> const std::string& {
      if (i + 1 >= words.size()) reject("{} needs a value", words[i]);
      return words[++i];
    };
    if (words[i] == "--json") {
      as_json = true;
    } else if (words[i] == "--operations") {
      detail = app::BenchDetail::kOperations;
    } else if (words[i] == "--set") {
      overrides.push_back(value());
    } else if (words[i] == "--rounds") {
      rounds = app::parse_whole("--rounds", value(), {1, 1000});
    } else if (words[i] == "--threads") {
      backend.threads = static_cast<int>(app::parse_whole("--threads", value(), {0, 4096}));
    } else if (words[i] == "--device") {
      backend.device = app::parse_choice<Device>("--device", value());
    } else if (words[i] == "--precision") {
      overrides.push_back("train.precision=" + value());
    } else if (words[i].starts_with('-') || !config.empty()) {
      reject("unexpected argument \"{}\"\n{}", words[i], kUsage);
    } else {
      config = words[i];
    }
  }
  if (config.empty()) reject("a configuration is needed\n{}", kUsage);
  app::BenchOptions options = app::load_bench_options(config, overrides, backend, rounds);
  options.detail = detail;
  const app::BenchReport report = app::run_bench(options);
  if (as_json) {
    app::print_json(report.to_json());
  } else {
    app::print_result(report.to_text());
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && (words[0] == "--help" || words[0] == "-h")) {
    return std::fputs(kUsage, stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
  }
  try {
    return bench(words);
  } catch (const nextframe::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return error.kind() == nextframe::ErrorKind::kRequest ? 2 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
