#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/motion/optical_flow.h"
#include "core/nn/cells/cell.h"

namespace nextframe {

/// How a configuration writes a list of named values.
template <class E, std::size_t N>
using EnumNames = std::array<std::pair<std::string_view, E>, N>;

constexpr auto enum_names(CellKind) {
  return EnumNames<CellKind, 4>{{{"convlstm", CellKind::kConvLstm},
                                 {"convgru", CellKind::kConvGru},
                                 {"trajgru", CellKind::kTrajGru},
                                 {"stlstm", CellKind::kStLstm}}};
}
constexpr auto enum_names(Reset) { return EnumNames<Reset, 2>{{{"before", Reset::kBefore}, {"after", Reset::kAfter}}}; }
constexpr auto enum_names(Norm) { return EnumNames<Norm, 2>{{{"none", Norm::kNone}, {"group", Norm::kGroup}}}; }
constexpr auto enum_names(HiddenBias) {
  return EnumNames<HiddenBias, 4>{{{"auto", HiddenBias::kAuto},
                                   {"none", HiddenBias::kNone},
                                   {"candidate", HiddenBias::kCandidate},
                                   {"all", HiddenBias::kAll}}};
}
constexpr auto enum_names(Activation) {
  return EnumNames<Activation, 5>{{{"none", Activation::kNone},
                                   {"relu", Activation::kRelu},
                                   {"leaky", Activation::kLeaky},
                                   {"tanh", Activation::kTanh},
                                   {"sigmoid", Activation::kSigmoid}}};
}

/// How recurrent layers make a network.
enum class Architecture {
  kEncoderForecaster,  ///< Shi et al. 2017: see EncoderForecaster
  kStack,              ///< one stack whose output is fed back: see FeedbackStack
  kStackPair,          ///< Shi et al. 2015: see StackPair
};

constexpr auto enum_names(Architecture) {
  return EnumNames<Architecture, 3>{{{"encoder-forecaster", Architecture::kEncoderForecaster},
                                     {"stack", Architecture::kStack},
                                     {"stack-pair", Architecture::kStackPair}}};
}

/// What the head's output means.
enum class Predict {
  kFrame,   ///< the frame itself
  kChange,  ///< the change from the last frame of the context
};

constexpr auto enum_names(Predict) {
  return EnumNames<Predict, 2>{{{"frame", Predict::kFrame}, {"change", Predict::kChange}}};
}

/// x, y and 1: what ModelOptions::coordinates appends to the input.
inline constexpr std::int64_t kCoordinateChannels = 3;

/// What a forecaster knows of each lead time beforehand.
enum class Guidance {
  kNone,
  kExtrapolation,  ///< the last frame, moved on by optical flow
};

constexpr auto enum_names(Guidance) {
  return EnumNames<Guidance, 2>{{{"none", Guidance::kNone}, {"extrapolation", Guidance::kExtrapolation}}};
}

struct LevelConvolutionOptions {
  std::int64_t channels = 16;
  int kernel = 3;
  int stride = 1;

  bool operator==(const LevelConvolutionOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("channels", channels, {.doc = "output channels", .min = 1, .max = 65536});
    v.field("kernel", kernel, {.doc = "kernel size in pixels; odd where the stride is 1", .min = 1, .max = 63});
    v.field("stride", stride,
            {.doc = "the level's frames are this much smaller than those above", .min = 1, .max = 32});
  }
};

struct LevelUpOptions {
  std::int64_t channels = 0;
  int kernel = 0;
  bool bias = true;

  bool operator==(const LevelUpOptions&) const = default;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("channels", channels, {.doc = "output channels; 0 = the level's hidden channels", .min = 0, .max = 65536});
    v.field("kernel", kernel, {.doc = "kernel size; 0 = twice the stride, or 3 for stride 1", .min = 0, .max = 63});
    v.field("bias", bias, {.doc = "whether the transposed convolution has a bias"});
  }
};

struct LevelOptions {
  LevelConvolutionOptions conv;
  std::int64_t hidden = 64;
  int kernel = 5;
  int input_kernel = 3;
  int dilation = 1;
  LevelUpOptions up;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("conv", conv, {.doc = "the convolution in front of the level's recurrent layer"});
    v.field("hidden", hidden, {.doc = "channels of the hidden state", .min = 1, .max = 65536});
    v.field("kernel", kernel,
            {.doc = "hidden-to-hidden kernel, odd; trajgru: of the convolutions that give the motions",
             .min = 1,
             .max = 63});
    v.field("input_kernel", input_kernel, {.doc = "input-to-hidden kernel, odd", .min = 1, .max = 63});
    v.field("dilation", dilation, {.doc = "dilation of the hidden-to-hidden kernel, 1 = dense", .min = 1, .max = 32});
    v.field("up", up,
            {.doc = "the transposed convolution from this level to the finer one (level 0: to the frame, only where "
                    "its stride is above 1)"});
  }
};

struct HeadOptions {
  std::int64_t channels = 0;
  int kernel = 1;
  bool bias = true;
  std::optional<Activation> activation;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("channels", channels,
            {.doc = "output channels; the last convolution's are the frame's", .min = 0, .max = 65536});
    v.field("kernel", kernel, {.doc = "kernel size, odd", .min = 1, .max = 63});
    v.field("bias", bias, {.doc = "whether the convolution has a bias"});
    v.field("activation", activation,
            {.doc = "activation after the convolution; default: model.conv_activation, none after the last"});
  }
};

/// A network as a configuration describes it: the configuration's "model".
struct ModelOptions {
  Architecture architecture = Architecture::kEncoderForecaster;
  CellKind cell = CellKind::kConvGru;
  Reset reset = Reset::kAfter;
  Activation activation = Activation::kTanh;
  std::int64_t links = 13;
  HiddenBias hidden_bias = HiddenBias::kAuto;
  bool gate_bias = true;
  bool peephole = false;
  double forget_bias = 1.0;
  Norm norm = Norm::kNone;
  std::vector<LevelOptions> levels{LevelOptions{}};
  int patch = 1;
  Activation conv_activation = Activation::kLeaky;
  double leaky_slope = 0.2;
  Predict predict = Predict::kFrame;
  bool coordinates = false;
  Guidance guide = Guidance::kNone;
  FlowOptions flow = {};
  std::vector<HeadOptions> head{HeadOptions{}};

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("architecture", architecture,
            {.doc = "encoder-forecaster: levels of recurrent layers, twice; stack: recurrent layers one upon the other "
                    "that predict the next frame and get their own output back once the frames end; stack-pair: a "
                    "stack for the frames and one for the forecast (Shi et al. 2015)"});
    v.field(
        "cell", cell,
        {.doc = "the recurrent cell: convlstm keeps a long memory, convgru is smaller and faster, trajgru is a convgru "
                "that learns along which motions its state is moved on; stlstm, in a stack, hands a second memory from "
                "layer to layer (PredRNN)"});
    v.field("reset", reset, {.doc = "convgru: whether the reset gate acts before or after the hidden convolution"});
    v.field("activation", activation,
            {.doc = "convgru, trajgru: activation of the candidate state (and before the flows): tanh, leaky or relu"});
    v.field("links", links, {.doc = "trajgru: motions that the state is moved along", .min = 1, .max = 64});
    v.field("hidden_bias", hidden_bias,
            {.doc = "convgru with reset after, trajgru: gates whose hidden convolution has a bias of its own; auto = "
                    "candidate"});
    v.field("gate_bias", gate_bias,
            {.doc = "whether the gates have a bias; without one a convlstm's forget_bias is not used"});
    v.field("peephole", peephole, {.doc = "convlstm: gates see the cell state, one weight a channel"});
    v.field("forget_bias", forget_bias,
            {.doc = "convlstm: start value of the forget gate's bias; stlstm: a constant in both forget gates",
             .min = -100,
             .max = 100});
    v.field("norm", norm, {.doc = "normalisation of the gates' pre-activations"});
    v.field("levels", levels,
            {.doc = "levels, finest first; of stacks their layers, lowest first, without conv and up"});
    v.field("patch", patch, {.doc = "frames enter in blocks of patch x patch pixels as channels", .min = 1, .max = 64});
    v.field("conv_activation", conv_activation, {.doc = "activation after the levels' convolutions"});
    v.field("leaky_slope", leaky_slope,
            {.doc = "slope of every leaky activation for negative values", .min = 0, .max = 1});
    v.field("predict", predict, {.doc = "whether the head gives the frame or its change from the last one seen"});
    v.field(
        "coordinates", coordinates,
        {.doc =
             "three further input channels: x and y from -1 to 1 over the whole frame, and 1: what happens where may "
             "differ; for frames of one place, such as a radar's"});
    v.field(
        "guide", guide,
        {.doc = "extrapolation: the forecaster sees the last frame moved on by optical flow, and learns how the frames "
                "that come depart from it; untrained it gives the extrapolation itself"});
    v.field("flow", flow, {.doc = "guide: the optical flow that the last frame is moved on by"});
    v.field("head", head, {.doc = "convolutions from the finest level to the frame"});
  }
};

/// Whether the network gets its own output back: it then learns from every next frame.
bool feeds_back(const ModelOptions& options);

/// Everything in `options` that cannot be built, each with its path below "model": even kernels at stride 1, a ConvGRU with
/// peepholes, ... Frames of `height` x `width` must leave every level at least one pixel; 0 skips that.
std::vector<std::string> find_problems(const ModelOptions& options, std::int64_t height, std::int64_t width);

/// Frame sizes that are a multiple of this pass without padding: patch times all strides.
std::int64_t size_multiple(const ModelOptions& options);

}  // namespace nextframe
