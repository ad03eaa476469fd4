#include "core/trade/onnx_export.h"

#include <limits>

#include "core/base/error.h"
#include "core/json/fields.h"
#include "core/trade/onnx_layers.h"

namespace nextframe {
namespace {

using Integers = std::vector<std::int64_t>;
using Values = std::vector<OnnxValue>;

constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max();

/// Channels that the caller gives; coordinates are made in the graph.
std::int64_t given_channels(const FrameFormat& format) {
  return format.input_channels - (format.coordinates ? kCoordinateChannels : 0);
}

/// Frames to patches and back, and what surrounds them.
class FrameDoor {
 public:
  FrameDoor(OnnxGraph& graph, const ModelOptions& model, const FrameFormat& format, const OnnxOptions& options)
      : graph_(graph), model_(model), format_(format), options_(options), multiple_(size_multiple(model)) {}

  /// Frame t of the input [N,T,C,H,W], as the network's finest convolution reads it.
  OnnxValue enter(const OnnxValue& frames, std::int64_t t) {
    graph_.scope(format("enter.{}", t));
    OnnxValue x = graph_.node("Gather", {frames, graph_.integer(t)}, {{"axis", std::int64_t{1}}});
    last_ = x;
    if (size_.empty() && !options_.size)
      size_ = graph_.node("Slice", {graph_.node("Shape", {x}), two(), four(), zero()});
    if (format_.coordinates) x = graph_.node("Concat", {x, coordinates(x)}, {{"axis", std::int64_t{1}}});
    x = pad(x);
    if (model_.patch == 1) return x;
    return graph_.node("SpaceToDepth", {x}, {{"blocksize", std::int64_t{model_.patch}}});
  }

  /// A frame of the forecast [N,1,C,H,W] from the head's output.
  OnnxValue leave(OnnxValue y) {
    if (model_.patch > 1) {
      y = graph_.node("DepthToSpace", {y}, {{"blocksize", std::int64_t{model_.patch}}, {"mode", std::string("DCR")}});
    }
    y = crop(y);
    if (model_.predict == Predict::kChange) y = graph_.sum(y, last_forecast_channels());
    return graph_.node("Unsqueeze", {y, graph_.integers({1})});
  }

 private:
  OnnxValue zero() { return graph_.integers({0}); }
  OnnxValue two() { return graph_.integers({2}); }
  OnnxValue four() { return graph_.integers({4}); }

  std::int64_t missing(std::int64_t length) const { return (multiple_ - length % multiple_) % multiple_; }

  OnnxValue pad(const OnnxValue& x) {
    if (multiple_ == 1) return x;
    if (pads_.empty()) {
      if (options_.size) {
        const auto [height, width] = *options_.size;
        pads_ = graph_.integers({0, 0, 0, 0, 0, 0, missing(height), missing(width)});
      } else {
        const OnnxValue multiple = graph_.integers({multiple_});
        const OnnxValue rest = graph_.node("Sub", {multiple, graph_.node("Mod", {size_, multiple})});
        pads_ = graph_.node("Concat", {graph_.integers({0, 0, 0, 0, 0, 0}), graph_.node("Mod", {rest, multiple})},
                            {{"axis", std::int64_t{0}}});
      }
    }
    if (options_.size && missing((*options_.size)[0]) == 0 && missing((*options_.size)[1]) == 0) return x;
    return graph_.node("Pad", {x, pads_}, {{"mode", std::string("edge")}});
  }

  OnnxValue crop(const OnnxValue& y) {
    if (multiple_ == 1) return y;
    if (options_.size && missing((*options_.size)[0]) == 0 && missing((*options_.size)[1]) == 0) return y;
    const OnnxValue size = options_.size ? graph_.integers({(*options_.size)[0], (*options_.size)[1]}) : size_;
    return graph_.node("Slice", {y, graph_.integers({0, 0}), size, graph_.integers({2, 3})});
  }

  /// The channels of the last frame that are forecast.
  OnnxValue last_forecast_channels() {
    if (change_from_.empty()) {
      change_from_ = last_;
      if (given_channels(format_) > format_.output_channels) {
        change_from_ =
            graph_.node("Slice", {last_, zero(), graph_.integers({format_.output_channels}), graph_.integers({1})});
      }
    }
    return change_from_;
  }

  /// x and y from -1 to 1, and 1: [N,3,H,W].
  OnnxValue coordinates(const OnnxValue& x) {
    if (!coordinates_.empty()) return coordinates_;
    const OnnxValue shape = graph_.node("Shape", {x});
    const auto length_at = [&](std::int64_t axis) {
      return graph_.node("Gather", {shape, graph_.integer(axis)}, {{"axis", std::int64_t{0}}});
    };
    // Three planes of [N,1,H,W].
    const OnnxValue plane = graph_.node("Concat",
                                        {graph_.node("Slice", {shape, zero(), graph_.integers({1}), zero()}),
                                         graph_.integers({1}), graph_.node("Slice", {shape, two(), four(), zero()})},
                                        {{"axis", std::int64_t{0}}});
    const auto axis = [&](std::int64_t which, const Integers& others) {
      const OnnxValue length = length_at(which);
      const OnnxValue last = graph_.node("Sub", {length, graph_.integer(1)});
      const OnnxValue index = graph_.node("Range", {graph_.integer(0), length, graph_.integer(1)});
      const OnnxValue centred = graph_.node("Sub", {graph_.node("Mul", {index, graph_.integer(2)}), last});
      const OnnxValue span = graph_.node("Max", {last, graph_.integer(1)});
      const auto real = [&](const OnnxValue& value) { return graph_.node("Cast", {value}, {{"to", std::int64_t{1}}}); };
      const OnnxValue line = graph_.node("Div", {real(centred), real(span)});
      return graph_.node("Expand", {graph_.node("Unsqueeze", {line, graph_.integers(others)}), plane});
    };
    const OnnxValue across = axis(3, {0, 1, 2}), down = axis(2, {0, 1, 3});
    coordinates_ = graph_.node("Concat", {across, down, graph_.node("Expand", {graph_.number(1), plane})},
                               {{"axis", std::int64_t{1}}});
    return coordinates_;
  }

  OnnxGraph& graph_;
  const ModelOptions& model_;
  const FrameFormat& format_;
  const OnnxOptions& options_;
  std::int64_t multiple_;
  OnnxValue last_;         ///< the last frame that entered
  OnnxValue size_;         ///< height and width, where only the input tells them
  OnnxValue pads_;         ///< likewise
  OnnxValue coordinates_;  ///< made with the first frame
  OnnxValue change_from_;
};

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

/// EncoderForecaster::encode and decode, unrolled.
Values unroll(OnnxLayers& layers, const ModelOptions& model, Values x, std::int64_t frames) {
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
  for (std::size_t j = 0; j < model.head.size(); ++j) {
    const bool last = j + 1 == model.head.size();
    const Activation activation = model.head[j].activation.value_or(last ? Activation::kNone : model.conv_activation);
    x = convolve_all(layers, format("head.{}", j), std::move(x), ConvolutionDirection::kDown, 1, activation);
  }
  return x;
}

std::vector<OnnxDimension> frames_shape(const OnnxOptions& options, std::int64_t frames, std::int64_t channels) {
  const auto known = [](std::int64_t length) { return OnnxDimension{length, ""}; };
  return {options.batch ? known(*options.batch) : OnnxDimension{0, "batch"}, known(frames), known(channels),
          options.size ? known((*options.size)[0]) : OnnxDimension{0, "height"},
          options.size ? known((*options.size)[1]) : OnnxDimension{0, "width"}};
}

void check_exportable(const ModelOptions& model) {
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
  FrameDoor door(graph, model, frames, options);
  graph.input("frames", frames_shape(options, options.context, given_channels(frames)));
  Values x;
  for (std::int64_t t = 0; t < options.context; ++t) x.push_back(door.enter("frames", t));
  x = unroll(layers, model, std::move(x), options.frames);
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
