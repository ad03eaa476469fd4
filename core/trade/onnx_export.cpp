#include "core/trade/onnx_export.h"

#include <limits>

#include "core/base/error.h"
#include "core/json/fields.h"
#include "core/trade/onnx_frames.h"
#include "core/trade/onnx_layers.h"

namespace nextframe {
namespace {

using Values = std::vector<OnnxValue>;

constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max();

/// One recurrent layer over all steps.
Values run_layer(OnnxLayers& layers, const std::string& prefix, const Values& x, Values& state, int dilation) {
  Values outputs;
  for (std::size_t t = 0; t < x.size(); ++t) {
    layers.graph().scope(format("{}.{}", prefix, t));
    state = layers.step(prefix, x[t], state, dilation);
    outputs.push_back(state.front());
  }
  return outputs;
}

Values convolve_all(OnnxLayers& layers, const std::string& prefix, Values x, ConvolutionDirection direction, int stride,
                    Activation activation) {
  for (std::size_t t = 0; t < x.size(); ++t) {
    layers.graph().scope(format("{}.{}", prefix, t));
    x[t] = layers.convolution(prefix, x[t], direction, stride, activation);
  }
  return x;
}

/// The head's convolutions on what is below it at step t.
OnnxValue run_head(OnnxLayers& layers, const ModelOptions& model, OnnxValue x, std::int64_t t) {
  for (std::size_t j = 0; j < model.head.size(); ++j) {
    const bool last = j + 1 == model.head.size();
    const Activation activation = model.head[j].activation.value_or(last ? Activation::kNone : model.conv_activation);
    layers.graph().scope(format("head.{}.{}", j, t));
    x = layers.convolution(format("head.{}", j), x, ConvolutionDirection::kDown, 1, activation);
  }
  return x;
}

/// EncoderForecaster::encode and decode, unrolled.
Values unroll_encoder_forecaster(OnnxLayers& layers, const ModelOptions& model, Values x, std::int64_t frames) {
  std::vector<Values> states(model.levels.size());
  for (std::size_t k = 0; k < model.levels.size(); ++k) {
    const LevelOptions& level = model.levels[k];
    const std::string prefix = format("encoder.{}", k);
    x = convolve_all(layers, prefix + ".conv", std::move(x), ConvolutionDirection::kDown, level.conv.stride,
                     model.conv_activation);
    x = run_layer(layers, prefix + ".rnn", x, states[k], level.dilation);
  }
  x.assign(static_cast<std::size_t>(frames), {});
  for (std::size_t k = model.levels.size(); k-- > 0;) {
    const LevelOptions& level = model.levels[k];
    const std::string prefix = format("forecaster.{}", k);
    x = run_layer(layers, prefix + ".rnn", x, states[k], level.dilation);
    if (!layers.parameters().has(prefix + ".up.weight")) continue;
    x = convolve_all(layers, prefix + ".up", std::move(x), ConvolutionDirection::kUp, level.conv.stride,
                     model.conv_activation);
  }
  for (std::int64_t t = 0; t < frames; ++t) {
    OnnxValue& frame = x[static_cast<std::size_t>(t)];
    frame = run_head(layers, model, frame, t);
  }
  return x;
}

/// FeedbackStack::observe and predict, unrolled: what leaves the head enters the lowest layer as it is.
Values unroll_stack(OnnxLayers& layers, const ModelOptions& model, const Values& context, std::int64_t frames) {
  const std::int64_t known = std::ssize(context);
  std::vector<Values> states(model.levels.size());
  Values forecast;
  for (std::int64_t t = 0; t < known + frames - 1; ++t) {
    OnnxValue x = t < known ? context[static_cast<std::size_t>(t)] : forecast.back();
    for (std::size_t k = 0; k < model.levels.size(); ++k) {
      const std::string prefix = format("stack.{}.rnn", k);
      layers.graph().scope(format("{}.{}", prefix, t));
      states[k] = layers.step(prefix, x, states[k], model.levels[k].dilation);
      x = states[k].front();
    }
    if (t + 1 >= known) forecast.push_back(run_head(layers, model, x, t));
  }
  return forecast;
}

std::vector<OnnxDimension> frames_shape(const OnnxOptions& options, std::int64_t frames, std::int64_t channels) {
  const auto known = [](std::int64_t length) { return OnnxDimension{length, ""}; };
  return {options.batch ? known(*options.batch) : OnnxDimension{0, "batch"}, known(frames), known(channels),
          options.size ? known((*options.size)[0]) : OnnxDimension{0, "height"},
          options.size ? known((*options.size)[1]) : OnnxDimension{0, "width"}};
}

void check_exportable(const ModelOptions& model) {
  if (model.architecture == Architecture::kStackPair) {
    reject("[onnx] the architecture \"{}\" is not written as ONNX; expected \"encoder-forecaster\" or \"stack\"",
           enum_name(model.architecture));
  }
  if (model.cell != CellKind::kConvLstm && model.cell != CellKind::kConvGru) {
    reject("[onnx] the cell \"{}\" is not written as ONNX; expected \"convlstm\" or \"convgru\"",
           enum_name(model.cell));
  }
  if (model.guide != Guidance::kNone) {
    reject(
        "[onnx] the network has a guide: frames moved on by optical flow, which no ONNX operator makes; expected one "
        "with model.guide \"none\"");
  }
}

}  // namespace

std::string export_onnx(const OnnxSubject& subject, const OnnxOptions& options,
                        const std::map<std::string, std::string>& metadata) {
  const ModelOptions& model = subject.model;
  const FrameFormat& frames = subject.frames;
  check_exportable(model);
  OnnxGraph graph;
  OnnxLayers layers(graph, subject.parameters, model);
  OnnxFrames door(graph, subject, options);
  graph.input("frames", frames_shape(options, options.context, door.given_channels()));
  Values x;
  for (std::int64_t t = 0; t < options.context; ++t) x.push_back(door.enter("frames", t));
  x = model.architecture == Architecture::kStack
          ? unroll_stack(layers, model, x, options.frames)
          : unroll_encoder_forecaster(layers, model, std::move(x), options.frames);
  for (std::size_t t = 0; t < x.size(); ++t) {
    graph.scope(format("leave.{}", t));
    x[t] = door.leave(x[t]);
  }
  const OnnxValue whole = graph.node("Concat", x, {{"axis", std::int64_t{1}}});
  graph.output(whole, "forecast", frames_shape(options, options.frames, frames.output_channels));

  std::map<std::string, std::string> texts = metadata;
  texts["nextframe.context"] = std::to_string(options.context);
  texts["nextframe.frames"] = std::to_string(options.frames);
  texts["nextframe.format"] = options_to_json(frames).dump();
  std::string file = graph.serialise(options.opset, texts);
  if (static_cast<std::int64_t>(file.size()) > kMostBytes) {
    reject("[onnx] the network takes {} bytes, expected at most the {} that an ONNX file can hold", file.size(),
           kMostBytes);
  }
  return file;
}

}  // namespace nextframe
