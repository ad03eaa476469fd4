#include "core/base/error.h"
#include "core/model/encoder_forecaster.h"

namespace nextframe {

void EncoderForecaster::expect_guide(const Tensor& guide, const Shape& frame, std::int64_t steps) const {
  if (!guided()) {
    if (guide) fail("[model] got a guide for a network that has none");
    return;
  }
  const Shape expected = frame.with(-1, output_channels_).with_front(steps);
  if (!guide || guide.shape() != expected) {
    fail("[model] got {} for a guide, expected {}", guide ? to_string(guide.shape()) : "nothing", to_string(expected));
  }
}

void EncoderForecaster::observe_steps(const Tensor& frames, LevelStates& states) {
  const std::int64_t chunk = forecast_chunk_of(execution_, geometry_at(0, 1));
  for (const Range& steps : pieces_of(frames.dimension(0), chunk)) {
    encode(frames.range(steps), states, Mode::kInference);
  }
}

Tensor EncoderForecaster::predict_steps(LevelStates& states, const Beginning& from, std::int64_t steps) {
  const std::int64_t chunk = forecast_chunk_of(execution_, geometry_at(0, 1));
  if (steps <= chunk) return decode(states, from, steps, Mode::kInference);
  const Tensor whole = context_.allocate_exact(from.last_frame.shape().with(-1, output_channels_).with_front(steps));
  for (const Range& piece : pieces_of(steps, chunk)) {
    backend_.copy(decode(states, from.at(piece), piece.size(), Mode::kInference), whole.range(piece));
  }
  return whole;
}

ModelState EncoderForecaster::observe(const Tensor& frames, ModelState state) {
  expect_frames(frames);
  set_frame_size(frames);
  observe_steps(frames, state.levels);
  remember_last(frames, state);
  return state;
}

Tensor EncoderForecaster::predict(ModelState& state, std::int64_t count, const Tensor& guide) {
  expect_state(state);
  set_frame_size(state.last_frame);
  expect_guide(guide, state.last_frame.shape(), count);
  return predict_steps(state.levels, {state.last_frame, guide}, count);
}

}  // namespace nextframe
