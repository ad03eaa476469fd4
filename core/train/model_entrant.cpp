#include "core/train/model_entrant.h"

#include <algorithm>
#include <cstddef>

#include "core/base/error.h"
#include "core/base/format.h"
#include "core/json/fields.h"
#include "core/train/guides.h"
#include "core/train/host_values.h"
#include "core/train/learner.h"
#include "core/train/network_input.h"

namespace nextframe {
namespace {

[[noreturn]] void reject_pair(const TrainedModel& model, const TrainedModel& first, const std::string& how,
                              const std::string& how_first) {
  reject("[evaluate] {} cannot be compared with {}: it was trained on {}, that one on {}", model.path, first.path, how,
         how_first);
}

std::string size_text(const FrameFormat& frames) {
  if (!frames.size) return "frames of their own size";
  return format("frames of {}x{} pixels", (*frames.size)[0], (*frames.size)[1]);
}

std::string lengths_text(const DataOptions& data) {
  return format("{} frames after {}, {} apart", data.horizon, data.context, data.gap);
}

/// Names, types and scales, wherever the fields lie.
std::string inputs_text(const TrainedModel& model) {
  std::string out = format("{} channels of inputs", model.file.frames.field_channels);
  for (std::size_t i = 0; i < model.data.inputs.size(); ++i) {
    json::Value input = options_to_json(model.data.inputs[i]);
    for (const char* place : {"path", "product"}) input.erase(place);
    out += (i == 0 ? ": " : ", ") + input.dump();
  }
  return out;
}

}  // namespace

std::string units_text(const FrameFormat& frames) {
  const json::Value rain = options_to_json(frames.rain);
  const std::string units = frames.units.empty() ? "frames without a unit" : "frames in " + frames.units;
  return units + (frames.rain.unit == RainUnit::kSource ? "" : " with data.rain " + rain.dump());
}

bool same_inputs(const std::vector<InputOptions>& some, const std::vector<InputOptions>& others) {
  return std::ranges::equal(some, others, [](const InputOptions& a, const InputOptions& b) {
    return a.name == b.name && a.type == b.type && a.floor == b.floor && a.ceiling == b.ceiling && a.mean == b.mean &&
           a.deviation == b.deviation;
  });
}

/// From the numbers of a data set to those of a model that may have been trained on another type or range of pixels.
LinearMap model_scale(const FrameFormat& data, const FrameFormat& model) {
  if (data.normalisation.offset == model.normalisation.offset &&
      data.normalisation.scale == model.normalisation.scale) {
    return {};
  }
  // 8 and 16 bits show the same picture on another scale.
  const bool other_depth = data.low == 0 && model.low == 0 && data.high != model.high;
  const double unit = other_depth ? data.high / model.high : 1;
  const Normalisation& from = data.normalisation;
  const Normalisation& to = model.normalisation;
  return {.factor = from.scale / unit / to.scale, .shift = (from.offset / unit - to.offset) / to.scale};
}

void check_comparable(const TrainedModel& model, const TrainedModel& first) {
  const FrameFormat& own = model.file.frames;
  const FrameFormat& others = first.file.frames;
  if (own.output_channels != others.output_channels) {
    reject_pair(model, first, format("{} channels", own.output_channels), format("{}", others.output_channels));
  }
  if (own.units != others.units || !(own.rain == others.rain)) {
    reject_pair(model, first, units_text(own), units_text(others));
  }
  if (own.field_channels != others.field_channels || !same_inputs(model.data.inputs, first.data.inputs)) {
    reject_pair(model, first, inputs_text(model), inputs_text(first));
  }
  if (own.size != others.size) reject_pair(model, first, size_text(own), size_text(others));
  const DataOptions& data = model.data;
  if (data.context != first.data.context || data.horizon != first.data.horizon || data.gap != first.data.gap) {
    reject_pair(model, first, lengths_text(data), lengths_text(first.data));
  }
}

void check_guides(const std::vector<NamedModel>& models) {
  const TrainedModel* guided = nullptr;
  for (const NamedModel& named : models) {
    const TrainedModel& model = named.model;
    if (model.options.guide == Guidance::kNone) continue;
    if (guided == nullptr) guided = &model;
    const bool same = model.options.guide == guided->options.guide &&
                      options_to_json(model.options.flow) == options_to_json(guided->options.flow);
    if (!same) {
      reject("[evaluate] {} and {} are guided otherwise: model.guide and model.flow differ; score them one by one",
             guided->path, model.path);
    }
  }
}

std::vector<float> ModelEntrant::forecast(const Batch& batch) {
  const bool guided = model_.options.guide != Guidance::kNone;
  const bool same_numbers = to_own_.factor == 1 && to_own_.shift == 0;
  if (same_numbers && guided == !batch.guide.empty()) return run(batch);
  Batch own = batch;
  if (!guided) own.guide.clear();
  to_own_.apply(own.context);
  to_own_.apply(own.guide);
  // Missing pixels are 0 to every network.
  for (std::size_t i = 0; i < own.context_mask.size(); ++i) {
    for (std::int64_t c = 0; c < own.channels && own.context_mask[i] == 0; ++c) {
      own.context[i * static_cast<std::size_t>(own.channels) + static_cast<std::size_t>(c)] = 0;
    }
  }
  std::vector<float> frames = run(own);
  LinearMap{.factor = 1 / to_own_.factor, .shift = -to_own_.shift / to_own_.factor}.apply(frames);
  return frames;
}

std::vector<float> ModelEntrant::run(const Batch& batch) {
  const NetworkChannels channels = channels_of(model_.file.frames);
  std::vector<float> buffer;
  const Tensor context = to_backend(backend_, network_input(batch, channels, buffer), context_shape(batch, channels));
  return to_host(backend_,
                 model_.network->forward(context, batch.horizon, Mode::kInference, guide_of(backend_, batch)));
}

}  // namespace nextframe
