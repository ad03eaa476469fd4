#include "core/model/network.h"

#include <utility>

#include "core/base/error.h"
#include "core/model/encoder_forecaster.h"
#include "core/model/feedback_stack.h"
#include "core/model/stack_pair.h"

namespace nextframe {

Network::Network(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
                 std::int64_t output_channels)
    : backend_(backend),
      dtype_(dtype),
      options_(options),
      input_channels_(input_channels),
      output_channels_(output_channels),
      context_{backend, parameters_, dtype} {
  std::string text;
  for (const std::string& problem : find_problems(options, 0, 0)) text += "\n  " + problem;
  if (options.predict == Predict::kChange && input_channels < output_channels) {
    text += format("\n  model.predict: got \"change\" with {} channels in and {} out, expected as many in or \"frame\"",
                   input_channels, output_channels);
  }
  if (feeds_back() && input_channels != output_channels) {
    text += format(
        "\n  model.architecture: got \"stack\" with {} channels in and {} out, expected as many: it feeds back what it "
        "gives",
        input_channels, output_channels);
  }
  if (!text.empty()) reject("[model] this network cannot be built:{}", text);
}

CellOptions Network::cell_options(const LevelOptions& level, std::int64_t input_channels) const {
  // Without input the hidden convolution's biases, where every gate has one, do the input's work (as published for HKO-7).
  const bool bias_elsewhere = input_channels == 0 && options_.hidden_bias == HiddenBias::kAll;
  return {.kind = options_.cell,
          .input_channels = input_channels,
          .hidden_channels = level.hidden,
          .hidden_kernel = level.kernel,
          .input_kernel = level.input_kernel,
          .dilation = level.dilation,
          .norm = options_.norm,
          .gate_bias = options_.gate_bias && !bias_elsewhere,
          .peephole = options_.peephole,
          .forget_bias = options_.forget_bias,
          .reset = options_.reset,
          .candidate = activation(options_.activation),
          .hidden_bias = options_.hidden_bias,
          .links = options_.links};
}

ConvolutionLayerOptions Network::head_options(std::size_t j, std::int64_t input_channels) const {
  const HeadOptions& head = options_.head[j];
  const bool last = j + 1 == options_.head.size();
  const Activation kind = head.activation.value_or(last ? Activation::kNone : options_.conv_activation);
  return {.input_channels = input_channels,
          .output_channels = last ? patched(output_channels_) : head.channels,
          .kernel = head.kernel,
          .bias = head.bias ? Bias::kPerChannel : Bias::kNone,
          .activation = activation(kind),
          .result = last ? ResultType::kExact : ResultType::kActivation};
}

void Network::initialise(Initialisation scheme, std::uint64_t seed) {
  const double slope = options_.conv_activation == Activation::kLeaky ? options_.leaky_slope : 0.0;
  parameters_.initialise(scheme, slope, seed);
}

std::int64_t Network::predicted_steps(const SequenceLengths& lengths) const {
  return feeds_back() ? lengths.context + lengths.horizon - 1 : lengths.horizon;
}

Tensor Network::forward(const Tensor& context, std::int64_t horizon, Mode mode, const Tensor& guide) {
  expect_frames(context);
  if (horizon < 1) fail("[model] got a horizon of {}, expected at least 1", horizon);
  if (mode == Mode::kTraining) {
    return forward_training({.frames = context, .context = context.dimension(0), .horizon = horizon, .guide = guide});
  }
  ModelState state = observe(context, {});
  return predict(state, horizon, guide);
}

void Network::expect_frames(const Tensor& frames) const {
  if (frames.shape().rank() != 5 || frames.dimension(0) < 1 || frames.dimension(4) != input_channels_) {
    fail("[model] got frames {}, expected [T,N,H,W,{}] with T at least 1", to_string(frames.shape()), input_channels_);
  }
}

void Network::expect_state(const ModelState& state) const {
  if (state.levels.empty()) fail("[model] a forecast needs a state that has seen at least one frame");
}

void Network::set_frame_size(const Tensor& frames) {
  const std::int64_t multiple = size_multiple(options_);
  const auto padded = [&](std::int64_t length) { return (length + multiple - 1) / multiple * multiple; };
  size_ = {.batch = frames.dimension(-4), .height = frames.dimension(-3), .width = frames.dimension(-2)};
  padded_size_ = {.batch = size_.batch, .height = padded(size_.height), .width = padded(size_.width)};
}

Geometry Network::patched_geometry(std::int64_t steps) const {
  return {.steps = steps,
          .batch = padded_size_.batch,
          .height = padded_size_.height / options_.patch,
          .width = padded_size_.width / options_.patch};
}

Tensor Network::enter(const Tensor& frames) {
  Tensor x = frames.merged();
  if (x.dtype() != context_.dtype) {
    x = context_.allocate(x.shape());
    backend_.copy(frames.merged(), x);
  }
  const std::int64_t channels = x.dimension(3);
  if (padded_size_.height != size_.height || padded_size_.width != size_.width) {
    const Tensor padded = context_.allocate({x.dimension(0), padded_size_.height, padded_size_.width, channels});
    backend_.crop_or_pad(PadFill::kEdge, x, padded);
    x = padded;
  }
  if (options_.patch == 1) return x;
  const int patch = options_.patch;
  const Tensor blocks =
      context_.allocate({x.dimension(0), x.dimension(1) / patch, x.dimension(2) / patch, patched(channels)});
  backend_.space_to_depth(patch, x, blocks);
  return blocks;
}

void Network::remember_last(const Tensor& frames, ModelState& state) {
  state.last_frame = context_.allocate_exact(frames.shape().from(1));
  backend_.copy(frames.at(frames.dimension(0) - 1), state.last_frame);
}

Tensor Network::leave(const Tensor& head_output, std::int64_t steps) {
  Tensor y = head_output;
  const std::int64_t frames = y.dimension(0);
  if (options_.patch > 1) {
    const Tensor pixels = context_.allocate_exact({frames, padded_size_.height, padded_size_.width, output_channels_});
    backend_.depth_to_space(options_.patch, y, pixels);
    y = pixels;
  }
  if (padded_size_.height != size_.height || padded_size_.width != size_.width) {
    const Tensor cropped = context_.allocate_exact({frames, size_.height, size_.width, output_channels_});
    backend_.crop_or_pad(PadFill::kZero, y, cropped);
    y = cropped;
  }
  return y.reshaped({steps, size_.batch, size_.height, size_.width, output_channels_});
}

Tensor Network::enter_gradient(const Tensor& dprediction) {
  Tensor dy = dprediction.merged();
  if (padded_size_.height != size_.height || padded_size_.width != size_.width) {
    const Tensor padded =
        context_.allocate_exact({dy.dimension(0), padded_size_.height, padded_size_.width, output_channels_});
    backend_.crop_or_pad(PadFill::kZero, dy, padded);
    dy = padded;
  }
  if (options_.patch > 1) {
    const Shape shape = patched_geometry(dprediction.dimension(0)).sequence(patched(output_channels_));
    const Tensor blocks = context_.allocate_exact(shape);
    backend_.space_to_depth(options_.patch, dy, blocks.merged());
    dy = blocks.merged();
  }
  return dy;
}

Tensor Network::infer(RecurrentLayer& layer, const Geometry& geometry, const Tensor& x, RecurrentState& state) {
  const Tensor sequence = x ? x.reshaped(geometry.sequence(x.dimension(-1))) : Tensor();
  return layer.infer(geometry, sequence, state, tiling_of(execution_, geometry, layer.options())).merged();
}

std::unique_ptr<Network> make_network(Backend& backend, DType dtype, const ModelOptions& options,
                                      std::int64_t input_channels, std::int64_t output_channels) {
  switch (options.architecture) {
    case Architecture::kStack:
      return std::make_unique<FeedbackStack>(backend, dtype, options, input_channels, output_channels);
    case Architecture::kStackPair:
      return std::make_unique<StackPair>(backend, dtype, options, input_channels, output_channels);
    default:
      return std::make_unique<EncoderForecaster>(backend, dtype, options, input_channels, output_channels);
  }
}

}  // namespace nextframe
