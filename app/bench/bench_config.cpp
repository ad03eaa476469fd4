#include "app/bench/bench_config.h"

#include <algorithm>
#include <array>

#include "core/frames/input_fields.h"

namespace nextframe::app {
namespace {

std::array<std::int64_t, 2> frame_size(const DataOptions& data) {
  if (data.crop) return *data.crop;
  if (data.size) return *data.size;
  if (!data.sources.empty()) return data.sources.front().size;
  return {64, 64};
}

}  // namespace

WorkloadOptions workload_of(const Config& config, std::int64_t height, std::int64_t width, std::int64_t channels) {
  WorkloadOptions options;
  options.model = config.model;
  options.loss = config.train.loss;
  options.optimizer = config.train.optimizer;
  options.clipping = {.norm = config.train.clip_norm, .value = config.train.clip_value};
  options.execution =
      execution_of(config.train, config.model, {.context = config.data.context, .horizon = config.data.horizon});
  options.batch = config.train.batch;
  options.context = config.data.context;
  options.horizon = config.data.horizon;
  options.height = height;
  options.width = width;
  options.channels = channels;
  options.input_only_channels = (config.data.mask_channel ? 1 : 0) +
                                input_field_channels(config.data.inputs.size(), config.data.mask_channel) +
                                (config.model.coordinates ? kCoordinateChannels : 0);
  return options;
}

BenchOptions load_bench_options(const std::string& config, const std::vector<std::string>& overrides,
                                const BackendOptions& backend, std::int64_t rounds) {
  const Config loaded = load_config(config, overrides);
  const auto [height, width] = frame_size(loaded.data);
  const std::int64_t channels = loaded.data.channels == ChannelMode::kColor ? 3 : 1;
  const SequenceLengths lengths{.context = loaded.data.context, .horizon = loaded.data.horizon};
  TrainOptions recomputing = loaded.train;
  recomputing.recompute = Recompute::kSegments;
  const bool open = loaded.train.recompute == Recompute::kAuto;
  return {.work = workload_of(loaded, height, width, channels),
          .precision = loaded.train.precision,
          .segment_where_needed = open ? execution_of(recomputing, loaded.model, lengths).segment : 0,
          .backend = backend,
          .rounds = rounds};
}

}  // namespace nextframe::app
