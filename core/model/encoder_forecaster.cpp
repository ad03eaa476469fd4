#include "core/model/encoder_forecaster.h"

#include <utility>

#include "core/base/error.h"

namespace nextframe {

EncoderForecaster::EncoderForecaster(Backend& backend, DType dtype, const ModelOptions& options,
                                     std::int64_t input_channels, std::int64_t output_channels)
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
  if (!text.empty()) reject("[model] this network cannot be built:{}", text);
  build();
  parameters_.allocate(backend, exact_of(dtype));
}

CellOptions EncoderForecaster::cell_options(const LevelOptions& level, std::int64_t input_channels) const {
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

void EncoderForecaster::build() {
  const ActivationSpec conv_activation = activation(options_.conv_activation);
  const std::int64_t block = static_cast<std::int64_t>(options_.patch) * options_.patch;
  std::int64_t channels = input_channels_ * block;
  for (std::size_t k = 0; k < options_.levels.size(); ++k) {
    const LevelOptions& level = options_.levels[k];
    const std::string prefix = format("encoder.{}", k);
    Level built;
    built.conv = std::make_unique<ConvolutionLayer>(context_, prefix + ".conv",
                                                    ConvolutionLayerOptions{.input_channels = channels,
                                                                            .output_channels = level.conv.channels,
                                                                            .kernel = level.conv.kernel,
                                                                            .stride = level.conv.stride,
                                                                            .activation = conv_activation});
    built.encoder =
        std::make_unique<RecurrentLayer>(context_, prefix + ".rnn", cell_options(level, level.conv.channels));
    channels = level.hidden;
    levels_.push_back(std::move(built));
  }
  build_guide();
  channels = 0;
  for (std::size_t k = levels_.size(); k-- > 0;) {
    const LevelOptions& level = options_.levels[k];
    const std::string prefix = format("forecaster.{}", k);
    if (k == 0 && guide_entry_) channels = guide_entry_->options().output_channels;
    levels_[k].forecaster = std::make_unique<RecurrentLayer>(context_, prefix + ".rnn", cell_options(level, channels));
    channels = level.hidden;
    const int stride = level.conv.stride;
    if (k == 0 && stride == 1) continue;
    channels = level.up.channels > 0 ? level.up.channels : level.hidden;
    const int kernel = level.up.kernel > 0 ? level.up.kernel : (stride == 1 ? 3 : 2 * stride);
    levels_[k].up = std::make_unique<ConvolutionLayer>(
        context_, prefix + ".up",
        ConvolutionLayerOptions{.direction = ConvolutionDirection::kUp,
                                .input_channels = level.hidden,
                                .output_channels = channels,
                                .kernel = kernel,
                                .stride = stride,
                                .bias = level.up.bias ? Bias::kPerChannel : Bias::kNone,
                                .activation = conv_activation});
  }
  build_head(channels);
}

void EncoderForecaster::build_head(std::int64_t channels) {
  const std::int64_t block = static_cast<std::int64_t>(options_.patch) * options_.patch;
  for (std::size_t j = 0; j < options_.head.size(); ++j) {
    const HeadOptions& head = options_.head[j];
    const bool last = j + 1 == options_.head.size();
    const Activation kind = head.activation.value_or(last ? Activation::kNone : options_.conv_activation);
    ConvolutionLayerOptions layer{.input_channels = channels,
                                  .output_channels = last ? output_channels_ * block : head.channels,
                                  .kernel = head.kernel,
                                  .bias = head.bias ? Bias::kPerChannel : Bias::kNone,
                                  .activation = activation(kind),
                                  .result = last ? ResultType::kExact : ResultType::kActivation,
                                  .start = last && guided() ? Start::kZero : Start::kDrawn};
    channels = layer.output_channels;
    head_.push_back(std::make_unique<ConvolutionLayer>(context_, format("head.{}", j), layer));
    if (j > 0 || !guided()) continue;
    layer.input_channels = output_channels_ * block;
    layer.bias = Bias::kNone;
    layer.activation = {};
    guide_head_ = std::make_unique<ConvolutionLayer>(context_, "head.guide", layer);
  }
}

/// The guide's way into the finest level ends where the up convolution from the level below it does; where there is none
/// it is the level's only input.
void EncoderForecaster::build_guide() {
  if (!guided()) return;
  const LevelOptions& finest = options_.levels.front();
  const bool alone = options_.levels.size() == 1;
  ConvolutionLayerOptions entry{.input_channels = output_channels_ * options_.patch * options_.patch,
                                .output_channels = finest.conv.channels,
                                .kernel = finest.conv.kernel,
                                .stride = finest.conv.stride};
  if (alone) {
    entry.activation = activation(options_.conv_activation);
  } else {
    const LevelOptions& below = options_.levels[1];
    entry.output_channels = below.up.channels > 0 ? below.up.channels : below.hidden;
    entry.bias = Bias::kNone;
  }
  guide_entry_ = std::make_unique<ConvolutionLayer>(context_, "forecaster.guide", entry);
}

void EncoderForecaster::initialise(Initialisation scheme, std::uint64_t seed) {
  const double slope = options_.conv_activation == Activation::kLeaky ? options_.leaky_slope : 0.0;
  parameters_.initialise(scheme, slope, seed);
}

Geometry EncoderForecaster::geometry_at(int k, std::int64_t steps) const {
  std::int64_t divisor = options_.patch;
  for (int i = 0; i <= k; ++i) divisor *= options_.levels[static_cast<std::size_t>(i)].conv.stride;
  return {.steps = steps,
          .batch = padded_size_.batch,
          .height = padded_size_.height / divisor,
          .width = padded_size_.width / divisor};
}

void EncoderForecaster::set_frame_size(const Tensor& frames) {
  const std::int64_t multiple = size_multiple(options_);
  const auto padded = [&](std::int64_t length) { return (length + multiple - 1) / multiple * multiple; };
  size_ = {.batch = frames.dimension(-4), .height = frames.dimension(-3), .width = frames.dimension(-2)};
  padded_size_ = {.batch = size_.batch, .height = padded(size_.height), .width = padded(size_.width)};
}

/// Frames [T,N,H,W,C] -> what the finest convolution reads, [T*N,H',W',C'], padded and in patches.
Tensor EncoderForecaster::enter(const Tensor& frames) {
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
      context_.allocate({x.dimension(0), x.dimension(1) / patch, x.dimension(2) / patch, channels * patch * patch});
  backend_.space_to_depth(patch, x, blocks);
  return blocks;
}

/// One recurrent layer over all steps; `state` goes from before the first to after the last.
Tensor EncoderForecaster::advance(RecurrentLayer& layer, const Geometry& geometry, Tensor x, RecurrentState& state,
                                  Mode mode) {
  if (x) x = x.reshaped(geometry.sequence(x.dimension(-1)));
  if (mode == Mode::kInference) {
    return layer.infer(geometry, x, state, tiling_of(execution_, geometry, layer.options())).merged();
  }
  return layer.forward(geometry, std::move(x), state).merged();
}

void EncoderForecaster::encode(const Tensor& frames, LevelStates& states, Mode mode) {
  states.resize(levels_.size());
  Tensor x = enter(frames);
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    x = levels_[k].conv->forward(x, Mode::kInference);
    x = advance(*levels_[k].encoder, geometry_at(static_cast<int>(k), frames.dimension(0)), std::move(x), states[k],
                mode);
  }
}

/// From level k of the forecaster to the one below it, [T*N,H,W,C]; `entering` is the guide as enter() gives it.
Tensor EncoderForecaster::rise(std::size_t k, const Tensor& x, const Tensor& entering, Mode mode) {
  return levels_[k].up->forward(x, mode, k == 1 && guided() ? guide_entry_->forward(entering, mode) : Tensor());
}

Tensor EncoderForecaster::run_head(std::size_t j, const Tensor& x, const Tensor& entering, Mode mode) {
  return head_[j]->forward(x, mode, j == 0 && guided() ? guide_head_->forward(entering, mode) : Tensor());
}

Tensor EncoderForecaster::decode(LevelStates& states, const Beginning& from, std::int64_t steps, Mode mode) {
  const Tensor entering = guided() ? enter(from.guide) : Tensor();
  Tensor x = levels_.size() == 1 && guided() ? guide_entry_->forward(entering, Mode::kInference) : Tensor();
  for (std::size_t k = levels_.size(); k-- > 0;) {
    x = advance(*levels_[k].forecaster, geometry_at(static_cast<int>(k), steps), std::move(x), states[k], mode);
    if (levels_[k].up) x = rise(k, x, entering, Mode::kInference);
  }
  for (std::size_t j = 0; j < head_.size(); ++j) x = run_head(j, x, entering, Mode::kInference);
  return leave(x, from, steps);
}

/// The channels of a frame [N,H,W,Cin] that are forecast: those further behind, such as a mask, are input only.
Tensor EncoderForecaster::first_channels(const Tensor& frame) {
  if (input_channels_ == output_channels_) return frame;
  const std::int64_t sequences = frame.dimension(0), pixels = frame.dimension(1) * frame.dimension(2);
  const Tensor first = context_.allocate_exact(frame.shape().with(-1, output_channels_));
  backend_.crop_or_pad(PadFill::kZero, frame.reshaped({sequences, pixels, input_channels_, 1}),
                       first.reshaped({sequences, pixels, output_channels_, 1}));
  return first;
}

/// The inverse of enter(): patches to pixels, cropped, [steps,N,H,W,C], plus what the change or departure is from.
Tensor EncoderForecaster::leave(const Tensor& head_output, const Beginning& from, std::int64_t steps) {
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
  y = y.reshaped({steps, size_.batch, size_.height, size_.width, output_channels_});
  if (options_.predict == Predict::kChange) {
    const Tensor last = first_channels(from.last_frame);
    for (std::int64_t t = 0; t < steps; ++t) backend_.add(1.0, last, y.at(t), Write::kAccumulate);
  }
  if (guided()) backend_.add(1.0, from.guide, y, Write::kAccumulate);
  return y;
}

}  // namespace nextframe
