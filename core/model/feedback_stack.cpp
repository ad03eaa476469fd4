#include "core/model/feedback_stack.h"

#include "core/base/error.h"

namespace nextframe {

FeedbackStack::FeedbackStack(Backend& backend, DType dtype, const ModelOptions& options, std::int64_t input_channels,
                             std::int64_t output_channels)
    : Network(backend, dtype, options, input_channels, output_channels) {
  build();
  parameters_.allocate(backend, exact_of(dtype));
}

void FeedbackStack::build() {
  std::int64_t channels = patched(input_channels_);
  for (std::size_t k = 0; k < options_.levels.size(); ++k) {
    const LevelOptions& level = options_.levels[k];
    layers_.push_back(
        std::make_unique<RecurrentLayer>(context_, format("stack.{}.rnn", k), cell_options(level, channels)));
    channels = level.hidden;
  }
  for (std::size_t j = 0; j < options_.head.size(); ++j) {
    head_.push_back(std::make_unique<ConvolutionLayer>(context_, format("head.{}", j), head_options(j, channels)));
    channels = head_.back()->options().output_channels;
  }
}

void FeedbackStack::finish_frame(const Tensor& hidden, const Tensor& output) {
  Tensor x = hidden;
  for (const auto& layer : head_) {
    if (layer == head_.back()) {
      layer->run(x, output);
    } else {
      x = layer->forward(x, Mode::kInference);
    }
  }
}

void FeedbackStack::advance(const Tensor& x, std::int64_t steps, LevelStates& states) {
  states.resize(layers_.size());
  const Geometry geometry = patched_geometry(steps);
  Tensor hidden = x;
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    if (passes_memory()) {
      // A memory enters the first step of every layer but the lowest one.
      if (states[k].empty()) states[k] = layers_[k]->zero_state(geometry);
      const RecurrentState& from = k == 0 ? states.back() : states[k - 1];
      if (!from.empty()) states[k].back() = from.back();
    }
    hidden = infer(*layers_[k], geometry, hidden, states[k]);
  }
}

ModelState FeedbackStack::observe(const Tensor& frames, ModelState state) {
  expect_frames(frames);
  set_frame_size(frames);
  // A memory that goes through the layers takes them a step at a time.
  const std::int64_t chunk = passes_memory() ? 1 : forecast_chunk_of(execution_, patched_geometry(1));
  for (const Range& steps : pieces_of(frames.dimension(0), chunk)) {
    advance(enter(frames.range(steps)), steps.size(), state.levels);
  }
  remember_last(frames, state);
  state.fed_back = Tensor();
  return state;
}

Tensor FeedbackStack::predict(ModelState& state, std::int64_t count, const Tensor& guide) {
  expect_state(state);
  if (guide) fail("[model] got a guide for a network that has none");
  set_frame_size(state.last_frame);
  const Shape frame = patched_geometry(1).step(patched(output_channels_));
  const Tensor outputs = context_.allocate_exact(frame.with_front(count));
  for (std::int64_t t = 0; t < count; ++t) {
    if (state.fed_back) advance(state.fed_back, 1, state.levels);
    finish_frame(state.levels.back()[0], outputs.at(t));
    state.fed_back = context_.allocate(frame);
    backend_.copy(outputs.at(t), state.fed_back);
  }
  return leave(outputs.merged(), count);
}

}  // namespace nextframe
