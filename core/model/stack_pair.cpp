#include "core/model/stack_pair.h"

#include <utility>
#include <vector>

#include "core/base/error.h"

namespace nextframe {

StackPair::StackPair(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
                     std::int64_t output_channels)
    : Network(backend, dtype, options, input_channels, output_channels) {
  const auto build = [&](const std::string& name, std::int64_t channels, Layers& layers) {
    for (std::size_t k = 0; k < options_.levels.size(); ++k) {
      const CellOptions cell = cell_options(options_.levels[k], channels);
      layers.push_back(std::make_unique<RecurrentLayer>(context_, format("{}.{}.rnn", name, k), cell));
      channels = cell.hidden_channels;
    }
  };
  build("encoder", patched(input_channels), encoder_);
  build("forecaster", 0, forecaster_);
  for (const LevelOptions& level : options_.levels) joined_channels_ += level.hidden;
  std::int64_t channels = joined_channels_;
  for (std::size_t j = 0; j < options_.head.size(); ++j) {
    head_.push_back(std::make_unique<ConvolutionLayer>(context_, format("head.{}", j), head_options(j, channels)));
    channels = head_.back()->options().output_channels;
  }
  parameters_.allocate(backend, exact_of(dtype));
}

Tensor StackPair::advance(RecurrentLayer& layer, std::int64_t steps, Tensor x, RecurrentState& state, Mode mode) {
  const Geometry geometry = patched_geometry(steps);
  if (mode == Mode::kInference) return infer(layer, geometry, x, state);
  if (x) x = x.reshaped(geometry.sequence(x.dimension(-1)));
  return layer.forward(geometry, std::move(x), state).merged();
}

void StackPair::encode(const Tensor& frames, LevelStates& states, Mode mode) {
  states.resize(encoder_.size());
  Tensor x = enter(frames);
  for (std::size_t k = 0; k < encoder_.size(); ++k) {
    x = advance(*encoder_[k], frames.dimension(0), std::move(x), states[k], mode);
  }
}

Tensor StackPair::decode(LevelStates& states, std::int64_t steps, Mode mode) {
  const Shape shape = patched_geometry(steps).sequence(joined_channels_);
  const Tensor joined = context_.allocate(shape).merged();
  std::int64_t first = 0;
  Tensor x;
  for (std::size_t k = 0; k < forecaster_.size(); ++k) {
    x = advance(*forecaster_[k], steps, std::move(x), states[k], mode);
    backend_.write_channels(x, first, joined);
    first += x.dimension(-1);
  }
  if (mode == Mode::kTraining) joined_ = joined;
  x = joined;
  for (const auto& layer : head_) x = layer->forward(x, Mode::kInference);
  return leave(x, steps);
}

Tensor StackPair::forward_training(const TrainingInput& input) {
  expect_frames(input.frames);
  if (input.guide) fail("[model] got a guide for a network that has none");
  set_frame_size(input.frames);
  frames_ = input.frames;
  LevelStates states;
  encode(input.frames, states, Mode::kTraining);
  return decode(states, input.horizon, Mode::kTraining);
}

void StackPair::backward(const Tensor& dprediction) {
  if (!joined_) fail("[model] got a backward pass without a forward pass in training mode before it");
  // The head has kept nothing and runs again.
  std::vector<Tensor> inputs{joined_};
  for (std::size_t j = 0; j < head_.size(); ++j) {
    inputs.push_back(head_[j]->forward(inputs[j], Mode::kTraining));
  }
  inputs.pop_back();
  Tensor dy = enter_gradient(dprediction);
  for (std::size_t j = head_.size(); j-- > 0;) {
    const Tensor dx = context_.allocate(inputs[j].shape());
    head_[j]->backward(inputs[j], dy, dx);
    inputs.pop_back();
    dy = dx;
  }
  joined_ = Tensor();
  LevelStates dstates(encoder_.size());
  std::int64_t first = joined_channels_;
  Tensor dabove;  // of what the layer above read
  for (std::size_t k = forecaster_.size(); k-- > 0;) {
    RecurrentLayer& layer = *forecaster_[k];
    first -= layer.options().hidden_channels;
    const Tensor dhidden = layer.output_gradient();
    backend_.read_channels(dy, first, dhidden.merged());
    if (dabove) backend_.add(1.0, dabove, dhidden, Write::kAccumulate);
    RecurrentLayer::Gradients gradients =
        k > 0 ? layer.backward(
                    {}, [&] { return forecaster_[k - 1]->output(); }, InputGradient::kWanted)
              : layer.backward({}, {}, InputGradient::kNone);
    dstates[k] = std::move(gradients.initial);
    dabove = gradients.x;
  }
  for (std::size_t k = encoder_.size(); k-- > 0;) {
    RecurrentLayer& layer = *encoder_[k];
    const Tensor dhidden = layer.output_gradient();
    if (dabove) {
      backend_.copy(dabove, dhidden);
    } else {
      backend_.fill(0.0, dhidden);  // the highest outputs feed nothing but the next state
    }
    const InputAgain x = [&] {
      if (k > 0) return encoder_[k - 1]->output();
      return enter(frames_).reshaped(patched_geometry(layer.steps()).sequence(layer.options().input_channels));
    };
    dabove = layer.backward(dstates[k], x, k > 0 ? InputGradient::kWanted : InputGradient::kNone).x;
  }
  frames_ = Tensor();
}

ModelState StackPair::observe(const Tensor& frames, ModelState state) {
  expect_frames(frames);
  set_frame_size(frames);
  const std::int64_t chunk = forecast_chunk_of(execution_, patched_geometry(1));
  for (const Range& steps : pieces_of(frames.dimension(0), chunk)) {
    encode(frames.range(steps), state.levels, Mode::kInference);
  }
  remember_last(frames, state);
  return state;
}

Tensor StackPair::predict(ModelState& state, std::int64_t count, const Tensor& guide) {
  expect_state(state);
  if (guide) fail("[model] got a guide for a network that has none");
  set_frame_size(state.last_frame);
  const std::int64_t chunk = forecast_chunk_of(execution_, patched_geometry(1));
  const Tensor whole = context_.allocate_exact(state.last_frame.shape().with(-1, output_channels_).with_front(count));
  for (const Range& piece : pieces_of(count, chunk)) {
    backend_.copy(decode(state.levels, piece.size(), Mode::kInference), whole.range(piece));
  }
  return whole;
}

}  // namespace nextframe
