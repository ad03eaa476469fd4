#include "core/model/encoder_forecaster.h"

#include <algorithm>

#include "core/base/error.h"

namespace nextframe {

namespace {

/// Steps that a long forecast runs at a time: enough to batch the input convolutions, few enough to bound memory.
constexpr std::int64_t kForecastChunk = 10;

}  // namespace

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
  if (options.predict == Predict::kChange && input_channels != output_channels) {
    text += format("\n  model.predict: got \"change\" with {} channels in and {} out, expected as many or \"frame\"",
                   input_channels, output_channels);
  }
  if (!text.empty()) reject("[model] this network cannot be built:{}", text);
  build();
  parameters_.allocate(backend, exact_of(dtype));
}

CellOptions EncoderForecaster::cell_options(const LevelOptions& level, std::int64_t input_channels) const {
  return {.kind = options_.cell,
          .input_channels = input_channels,
          .hidden_channels = level.hidden,
          .hidden_kernel = level.kernel,
          .input_kernel = level.input_kernel,
          .dilation = level.dilation,
          .norm = options_.norm,
          .gate_bias = options_.gate_bias,
          .peephole = options_.peephole,
          .forget_bias = options_.forget_bias,
          .reset = options_.reset,
          .candidate = activation(options_.activation),
          .hidden_bias = options_.hidden_bias};
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
  channels = 0;
  for (std::size_t k = levels_.size(); k-- > 0;) {
    const LevelOptions& level = options_.levels[k];
    const std::string prefix = format("forecaster.{}", k);
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
  for (std::size_t j = 0; j < options_.head.size(); ++j) {
    const HeadOptions& head = options_.head[j];
    const bool last = j + 1 == options_.head.size();
    const std::int64_t output = last ? output_channels_ * block : head.channels;
    const Activation kind = head.activation.value_or(last ? Activation::kNone : options_.conv_activation);
    const ResultType result = last ? ResultType::kExact : ResultType::kActivation;
    head_.push_back(std::make_unique<ConvolutionLayer>(context_, format("head.{}", j),
                                                       ConvolutionLayerOptions{.input_channels = channels,
                                                                               .output_channels = output,
                                                                               .kernel = head.kernel,
                                                                               .activation = activation(kind),
                                                                               .result = result}));
    channels = output;
  }
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

/// The state after the last step. In inference it is copied out and the layer gives up its sequences.
RecurrentState EncoderForecaster::take_state(RecurrentLayer& layer, Mode mode) {
  const RecurrentState views = layer.final_state();
  if (mode == Mode::kTraining) return views;
  RecurrentState copies;
  for (const Tensor& view : views) {
    copies.push_back(backend_.allocate(view.shape(), view.dtype()));
    backend_.copy(view, copies.back());
  }
  layer.release();
  return copies;
}

LevelStates EncoderForecaster::encode(const Tensor& frames, const LevelStates& initial, Mode mode) {
  const std::int64_t steps = frames.dimension(0);
  LevelStates final(levels_.size());
  Tensor x = enter(frames);
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    const Geometry geometry = geometry_at(static_cast<int>(k), steps);
    x = levels_[k].conv->forward(x, mode);
    const Tensor input = x.reshaped(geometry.sequence(x.dimension(3)));
    x = levels_[k].encoder->forward(geometry, input, initial.empty() ? RecurrentState() : initial[k], mode).merged();
    final[k] = take_state(*levels_[k].encoder, mode);
  }
  return final;
}

Tensor EncoderForecaster::decode(LevelStates& states, const Tensor& last_frame, std::int64_t steps, Mode mode) {
  Tensor x;
  for (std::size_t k = levels_.size(); k-- > 0;) {
    const Geometry geometry = geometry_at(static_cast<int>(k), steps);
    const Tensor input = x ? x.reshaped(geometry.sequence(x.dimension(-1))) : Tensor();
    x = levels_[k].forecaster->forward(geometry, input, states[k], mode).merged();
    states[k] = take_state(*levels_[k].forecaster, mode);
    if (levels_[k].up) x = levels_[k].up->forward(x, mode);
  }
  for (const auto& layer : head_) x = layer->forward(x, mode);
  return leave(x, last_frame, steps);
}

/// The inverse of enter(): patches to pixels, cropped, [steps,N,H,W,C], plus the last frame for a change prediction.
Tensor EncoderForecaster::leave(const Tensor& head_output, const Tensor& last_frame, std::int64_t steps) {
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
    for (std::int64_t t = 0; t < steps; ++t) backend_.add(1.0, last_frame, y.at(t), Write::kAccumulate);
  }
  return y;
}

namespace {

void expect_frames(const Tensor& frames, std::int64_t channels) {
  if (frames.shape().rank() != 5 || frames.dimension(0) < 1 || frames.dimension(4) != channels) {
    fail("[model] got frames {}, expected [T,N,H,W,{}] with T at least 1", to_string(frames.shape()), channels);
  }
}

}  // namespace

Tensor EncoderForecaster::forward(const Tensor& context, std::int64_t horizon, Mode mode) {
  expect_frames(context, input_channels_);
  if (horizon < 1) fail("[model] got a horizon of {}, expected at least 1", horizon);
  if (mode == Mode::kTraining) return forward_training(context, horizon);
  ModelState state = observe(context, {});
  return predict_in_chunks(state, horizon);
}

namespace {

/// The steps of a sequence that one segment has.
struct Segment {
  std::int64_t first = 0, last = 0;

  std::int64_t steps() const { return last - first; }
};

std::vector<Segment> segments_of(std::int64_t steps, std::int64_t length) {
  if (length <= 0) return {{0, steps}};
  std::vector<Segment> segments;
  for (std::int64_t first = 0; first < steps; first += length) {
    segments.push_back({first, std::min(steps, first + length)});
  }
  return segments;
}

}  // namespace

Tensor EncoderForecaster::forward_training(const Tensor& context, std::int64_t horizon) {
  set_frame_size(context);
  pass_ = {.context = context, .horizon = horizon, .segment = execution_.segment, .encoder = {}, .forecaster = {}};
  LevelStates states;
  for (const Segment& segment : segments_of(context.dimension(0), pass_.segment)) {
    pass_.encoder.push_back(states);
    const Mode mode = pass_.segment > 0 ? Mode::kInference : Mode::kTraining;
    states = encode(context.range(segment.first, segment.last), states, mode);
  }
  const Tensor last_frame = context.at(context.dimension(0) - 1);
  const std::vector<Segment> segments = segments_of(horizon, pass_.segment);
  Tensor whole;
  if (segments.size() > 1)
    whole = context_.allocate_exact(last_frame.shape().with(-1, output_channels_).with_front(horizon));
  for (const Segment& segment : segments) {
    pass_.forecaster.push_back(states);
    // Backward begins with the last one, so that its activations are at hand.
    const Mode mode = segment.last < horizon ? Mode::kInference : Mode::kTraining;
    const Tensor prediction = decode(states, last_frame, segment.steps(), mode);
    if (!whole) return prediction;
    backend_.copy(prediction, whole.range(segment.first, segment.last));
  }
  return whole;
}

void EncoderForecaster::backward(const Tensor& dprediction) {
  if (!pass_.context) fail("[model] got a backward pass without a forward pass in training mode before it");
  LevelStates dstates;
  const std::vector<Segment> forecast = segments_of(pass_.horizon, pass_.segment);
  const Tensor last_frame = pass_.context.at(pass_.context.dimension(0) - 1);
  for (std::size_t i = forecast.size(); i-- > 0;) {
    if (i + 1 < forecast.size()) decode(pass_.forecaster[i], last_frame, forecast[i].steps(), Mode::kTraining);
    pass_.forecaster.pop_back();
    dstates = backward_forecaster(dprediction.range(forecast[i].first, forecast[i].last), dstates);
  }
  const std::vector<Segment> seen = segments_of(pass_.context.dimension(0), pass_.segment);
  for (std::size_t i = seen.size(); i-- > 0;) {
    if (pass_.segment > 0) encode(pass_.context.range(seen[i].first, seen[i].last), pass_.encoder[i], Mode::kTraining);
    pass_.encoder.pop_back();
    dstates = backward_encoder(dstates);
  }
  pass_ = {};
}

/// The gradient of the frames as that of what the head gave, [T*N,H',W',C']: the adjoint of leave().
Tensor EncoderForecaster::enter_gradient(const Tensor& dprediction) {
  Tensor dy = dprediction.merged();
  if (padded_size_.height != size_.height || padded_size_.width != size_.width) {
    const Tensor padded =
        context_.allocate_exact({dy.dimension(0), padded_size_.height, padded_size_.width, output_channels_});
    backend_.crop_or_pad(PadFill::kZero, dy, padded);
    dy = padded;
  }
  if (options_.patch > 1) {
    const Geometry geometry = geometry_at(-1, dprediction.dimension(0));
    const Tensor blocks = context_.allocate_exact(
        {dy.dimension(0), geometry.height, geometry.width, output_channels_ * options_.patch * options_.patch});
    backend_.space_to_depth(options_.patch, dy, blocks);
    dy = blocks;
  }
  return dy;
}

LevelStates EncoderForecaster::backward_forecaster(const Tensor& dprediction, const LevelStates& dfinal) {
  const std::int64_t steps = dprediction.dimension(0);
  Tensor dy = enter_gradient(dprediction);
  // Each layer writes the gradient of its input straight to where the layer before it wants its output's gradient.
  for (std::size_t j = head_.size(); j-- > 0;) {
    const bool first = j == 0;
    const bool into_recurrent = first && !levels_[0].up;
    const Tensor dx = into_recurrent ? levels_[0].forecaster->output_gradient().merged()
                                     : context_.allocate(dy.shape().with(3, head_[j]->options().input_channels));
    head_[j]->backward(dy, dx);
    dy = dx;
  }
  LevelStates dstates(levels_.size());
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    Level& level = levels_[k];
    if (level.up) level.up->backward(dy, level.forecaster->output_gradient().merged());
    const bool coarsest = k + 1 == levels_.size();
    const Geometry geometry = geometry_at(static_cast<int>(k), steps);
    const Tensor dx =
        coarsest ? Tensor() : context_.allocate(geometry.sequence(level.forecaster->options().input_channels));
    dstates[k] = level.forecaster->backward(dfinal.empty() ? RecurrentState() : dfinal[k], dx);
    if (!coarsest) dy = dx.merged();
  }
  return dstates;
}

LevelStates EncoderForecaster::backward_encoder(const LevelStates& dfinal) {
  LevelStates dstates(levels_.size());
  for (std::size_t k = levels_.size(); k-- > 0;) {
    Level& level = levels_[k];
    // The coarsest outputs feed nothing but the next state; a finer level's were written by the level below it.
    if (k + 1 == levels_.size()) backend_.fill(0.0, level.encoder->output_gradient());
    const Geometry geometry = geometry_at(static_cast<int>(k), level.encoder->steps());
    const Tensor dinput = context_.allocate(geometry.sequence(level.conv->options().output_channels));
    dstates[k] = level.encoder->backward(dfinal[k], dinput);
    // The gradient with respect to the frames themselves is nobody's.
    level.conv->backward(dinput.merged(), k == 0 ? Tensor() : levels_[k - 1].encoder->output_gradient().merged());
  }
  return dstates;
}

ModelState EncoderForecaster::observe(const Tensor& frames, const ModelState& state) {
  expect_frames(frames, input_channels_);
  set_frame_size(frames);
  ModelState after;
  after.levels = encode(frames, state.levels, Mode::kInference);
  after.last_frame = context_.allocate_exact(frames.shape().from(1));
  backend_.copy(frames.at(frames.dimension(0) - 1), after.last_frame);
  return after;
}

Tensor EncoderForecaster::predict_in_chunks(ModelState& state, std::int64_t horizon) {
  if (horizon <= kForecastChunk) return predict(state, horizon);
  const Tensor whole = context_.allocate_exact(state.last_frame.shape().with(-1, output_channels_).with_front(horizon));
  for (std::int64_t first = 0; first < horizon; first += kForecastChunk) {
    const std::int64_t last = std::min(horizon, first + kForecastChunk);
    backend_.copy(predict(state, last - first), whole.range(first, last));
  }
  return whole;
}

Tensor EncoderForecaster::predict(ModelState& state, std::int64_t count) {
  if (state.levels.empty()) fail("[model] a forecast needs a state that has seen at least one frame");
  set_frame_size(state.last_frame);
  return decode(state.levels, state.last_frame, count, Mode::kInference);
}

}  // namespace nextframe
