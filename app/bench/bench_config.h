#pragma once

#include <string>
#include <vector>

#include "app/bench/bench_run.h"
#include "core/config/config.h"

namespace nextframe::app {

/// The network of a configuration, as it trains, on frames of the size given.
WorkloadOptions workload_of(const Config& config, std::int64_t height, std::int64_t width, std::int64_t channels);

/// What `bench` times for a configuration: its network on frames of data.crop, data.size or the generator's size, or
/// 64x64 where only the recordings could tell.
BenchOptions load_bench_options(const std::string& config, const std::vector<std::string>& overrides,
                                const BackendOptions& backend, std::int64_t rounds);

}  // namespace nextframe::app
