#include "core/model/encoder_forecaster.h"

#include <utility>

#include "core/base/error.h"

namespace nextframe {

EncoderForecaster::EncoderForecaster(Backend& backend, DType dtype, const ModelOptions& options,
                                     std::int64_t input_channels, std::int64_t output_channels)
    : Network(backend, dtype, options, input_channels, output_channels) {
  build();
  parameters_.allocate(backend, exact_of(dtype));
}

void EncoderForecaster::build() {
  const ActivationSpec conv_activation = activation(options_.conv_activation);
  std::int64_t channels = patched(input_channels_);
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
  for (std::size_t j = 0; j < options_.head.size(); ++j) {
    ConvolutionLayerOptions layer = head_options(j, channels);
    if (j + 1 == options_.head.size() && guided()) layer.start = Start::kZero;
    channels = layer.output_channels;
    head_.push_back(std::make_unique<ConvolutionLayer>(context_, format("head.{}", j), layer));
    if (j > 0 || !guided()) continue;
    layer.input_channels = patched(output_channels_);
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
  ConvolutionLayerOptions entry{.input_channels = patched(output_channels_),
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

Geometry EncoderForecaster::geometry_at(int k, std::int64_t steps) const {
  std::int64_t divisor = options_.patch;
  for (int i = 0; i <= k; ++i) divisor *= options_.levels[static_cast<std::size_t>(i)].conv.stride;
  return {.steps = steps,
          .batch = padded_size_.batch,
          .height = padded_size_.height / divisor,
          .width = padded_size_.width / divisor};
}

/// One recurrent layer over all steps; `state` goes from before the first to after the last.
Tensor EncoderForecaster::advance(RecurrentLayer& layer, const Geometry& geometry, Tensor x, RecurrentState& state,
                                  Mode mode) {
  if (mode == Mode::kInference) return infer(layer, geometry, x, state);
  if (x) x = x.reshaped(geometry.sequence(x.dimension(-1)));
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
  return complete(x, from, steps);
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

Tensor EncoderForecaster::complete(const Tensor& head_output, const Beginning& from, std::int64_t steps) {
  const Tensor y = leave(head_output, steps);
  if (options_.predict == Predict::kChange) {
    const Tensor last = first_channels(from.last_frame);
    for (std::int64_t t = 0; t < steps; ++t) backend_.add(1.0, last, y.at(t), Write::kAccumulate);
  }
  if (guided()) backend_.add(1.0, from.guide, y, Write::kAccumulate);
  return y;
}

}  // namespace nextframe
