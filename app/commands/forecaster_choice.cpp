#include "app/commands/forecaster_choice.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "app/commands/baseline_arguments.h"
#include "core/base/error.h"
#include "core/baselines/extrapolation_guide.h"
#include "core/baselines/motion_baselines.h"
#include "core/frames/radar/field_place.h"
#include "core/frames/radar_inputs.h"
#include "core/train/baseline_forecaster.h"
#include "core/train/masked_forecaster.h"
#include "core/train/memory_limit.h"

namespace nextframe::app {
namespace {

ForecasterOptions forecaster_options(const ForecastArguments& arguments, Log& log) {
  ForecasterOptions options;
  options.inputs = recent_inputs(log);
  options.same_place = same_place;
  options.guides = make_extrapolation_guide;
  if (arguments.trained_size) options.resize = ForecasterOptions::Resize::kAsTrained;
  if (arguments.grey) options.colour = ForecasterOptions::Colour::kGrey;
  return options;
}

}  // namespace

ForecasterChoice::ForecasterChoice(const ForecastArguments& arguments, StderrLog& log)
    : arguments_(arguments), log_(log) {
  if (arguments.baseline) {
    find_baseline(all_baselines(), *arguments.baseline);
    const BaselineOptions options = baseline_options(arguments.baseline_options);
    constexpr ForecastLengths kUsual{.context = 5, .horizon = 12};
    lengths_ = kUsual;
    lengths_.context = arguments.context.value_or(std::max(kUsual.context, options.flow.interval + 1));
    return;
  }
  backend_ = arguments.compute.make();
  model_ = load_model(*backend_, *arguments.model, arguments.compute.precision);
  lengths_ = {.context = model_->data.context, .horizon = model_->data.horizon, .gap = model_->data.gap};
  if (arguments.trained_size && !model_->file.frames.size) {
    reject("[forecast] --trained-size: {} was trained on frames of their own size", *arguments.model);
  }
  if (arguments.grey && model_->file.frames.output_channels != 1) {
    reject("[forecast] --grey: {} forecasts {} channels; it is for models of one channel", *arguments.model,
           model_->file.frames.output_channels);
  }
  set_input_paths(model_->data.inputs, arguments.inputs);
  report_precision(model_->precision, *backend_, log);
}

std::string ForecasterChoice::name() const {
  if (!model_) return *arguments_.baseline;
  const json::Value* name = model_->file.config.find("name");
  if (name != nullptr && name->is_string()) return name->get<std::string>("name");
  return std::filesystem::path(model_->path).stem().string();
}

SourceOptions ForecasterChoice::source_options() const {
  SourceOptions options;
  if (model_) {
    options = input_options(*model_, arguments_.input, arguments_.product);
  } else {
    options.path = arguments_.input;
    options.product = arguments_.product;
    if (!options.product.empty()) options.type = SourceType::kRadar;
  }
  options.layout = arguments_.layout;
  // Where any part of a context may be missing, no gap within it is too long.
  if (arguments_.allow_missing) options.max_missing = std::max(options.max_missing, lengths_.context * lengths_.gap);
  return options;
}

MissingFrames ForecasterChoice::missing_frames() const {
  return arguments_.allow_missing ? MissingFrames::kAllow : MissingFrames::kRefuse;
}

void ForecasterChoice::fit_memory(const Forecaster& forecaster, const SourceInfo& source) {
  const std::optional<std::int64_t> limit = arguments_.memory.bytes();
  if (!limit) return;
  const FrameFormat& frames = model_->file.frames;
  const bool resized = arguments_.trained_size;
  const ForecastFit fit = fit_forecast(*backend_, model_->options, model_->precision,
                                       {.sequences = forecaster.channels() / frames.output_channels,
                                        .context = lengths_.context,
                                        .horizon = arguments_.frames.value_or(lengths_.horizon),
                                        .height = resized ? (*frames.size)[0] : source.height,
                                        .width = resized ? (*frames.size)[1] : source.width,
                                        .channels = channels_of(frames)},
                                       limit);
  model_->network->set_execution(fit.execution);
  log_.info("{}", fit.chosen);
}

std::unique_ptr<FrameForecaster> ForecasterChoice::make(const SourceInfo& source) {
  std::unique_ptr<FrameForecaster> made;
  if (model_) {
    auto forecaster = std::make_unique<Forecaster>(*backend_, *model_, source, forecaster_options(arguments_, log_));
    by_channel_ = forecaster->by_channel();
    fit_memory(*forecaster, source);
    made = std::move(forecaster);
  } else {
    const BaselineEntry& entry = find_baseline(all_baselines(), *arguments_.baseline);
    made = std::make_unique<BaselineForecaster>(entry.make(baseline_options(arguments_.baseline_options)), source,
                                                lengths_);
  }
  if (arguments_.mask) made = std::make_unique<MaskedForecaster>(std::move(made));
  return made;
}

}  // namespace nextframe::app
