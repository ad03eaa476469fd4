#include <utility>

#include "core/base/error.h"
#include "core/model/encoder_forecaster.h"

namespace nextframe {

Tensor EncoderForecaster::forward_training(const TrainingInput& input) {
  const Tensor& context = input.frames;
  const Tensor& guide = input.guide;
  const std::int64_t horizon = input.horizon;
  set_frame_size(context);
  expect_guide(guide, context.shape().from(1), horizon);
  pass_ = {.context = context,
           .guide = guide,
           .horizon = horizon,
           .segment = execution_.segment,
           .encoder = {},
           .forecaster = {}};
  const std::int64_t seen = context.dimension(0);
  LevelStates states;
  for (const Range& segment : segments_of(seen, pass_.segment)) {
    pass_.encoder.push_back(states);
    if (pass_.segment > 0) {
      observe_steps(context.range(segment), states);
    } else {
      encode(context, states, Mode::kTraining);
    }
  }
  const Beginning beginning{context.at(seen - 1), guide};
  const std::vector<Range> segments = segments_of(horizon, pass_.segment);
  Tensor whole;
  if (segments.size() > 1) {
    whole = context_.allocate_exact(beginning.last_frame.shape().with(-1, output_channels_).with_front(horizon));
  }
  for (const Range& segment : segments) {
    pass_.forecaster.push_back(states);
    // Backward begins with the last one, so that its activations are at hand.
    const Beginning from = beginning.at(segment);
    const Tensor prediction = segment.last < horizon ? predict_steps(states, from, segment.size())
                                                     : decode(states, from, segment.size(), Mode::kTraining);
    if (!whole) return prediction;
    backend_.copy(prediction, whole.range(segment));
  }
  return whole;
}

void EncoderForecaster::backward(const Tensor& dprediction) {
  if (!pass_.context) fail("[model] got a backward pass without a forward pass in training mode before it");
  LevelStates dstates;
  const std::vector<Range> forecast = segments_of(pass_.horizon, pass_.segment);
  const Beginning beginning{pass_.context.at(pass_.context.dimension(0) - 1), pass_.guide};
  for (std::size_t i = forecast.size(); i-- > 0;) {
    const Beginning from = beginning.at(forecast[i]);
    if (i + 1 < forecast.size()) decode(pass_.forecaster[i], from, forecast[i].size(), Mode::kTraining);
    pass_.forecaster.pop_back();
    dstates = backward_forecaster(from.guide, dprediction.range(forecast[i]), dstates);
  }
  const std::vector<Range> seen = segments_of(pass_.context.dimension(0), pass_.segment);
  for (std::size_t i = seen.size(); i-- > 0;) {
    const Tensor frames = pass_.context.range(seen[i]);
    if (pass_.segment > 0) encode(frames, pass_.encoder[i], Mode::kTraining);
    pass_.encoder.pop_back();
    dstates = backward_encoder(frames, dstates);
  }
  pass_ = {};
}

Shape EncoderForecaster::input_shape(const RecurrentLayer& layer, int k) const {
  return geometry_at(k, layer.steps()).sequence(layer.options().input_channels);
}

LevelStates EncoderForecaster::backward_forecaster(const Tensor& guide, const Tensor& dprediction,
                                                   const LevelStates& dfinal) {
  // The convolutions between recurrent layers have kept nothing and run again: they are a hundredth of the operations, and
  // what they give is a fifth of all that there would be to keep.
  const Tensor entering = guided() ? enter(guide) : Tensor();
  const auto raised = [&](std::size_t k) {
    return rise(k, levels_[k].forecaster->output().merged(), entering, Mode::kTraining);
  };
  std::vector<Tensor> inputs{levels_[0].up ? raised(0) : levels_[0].forecaster->output().merged()};  // of the head
  for (std::size_t j = 0; j < head_.size(); ++j) inputs.push_back(run_head(j, inputs[j], entering, Mode::kTraining));
  inputs.pop_back();
  Tensor dy = enter_gradient(dprediction);
  // Each layer writes the gradient of its input straight to where the layer before it wants its output's gradient.
  for (std::size_t j = head_.size(); j-- > 0;) {
    RecurrentLayer& finest = *levels_[0].forecaster;
    const bool from_recurrent = j == 0 && !levels_[0].up;
    const Tensor x = inputs[j];
    inputs.pop_back();
    const Tensor dx = from_recurrent ? finest.output_gradient().merged() : context_.allocate(x.shape());
    head_[j]->backward(x, dy, dx);
    if (j == 0 && guided()) guide_head_->backward(entering, dy, {});
    dy = dx;
  }
  LevelStates dstates(levels_.size());
  for (std::size_t k = 0; k < levels_.size(); ++k) {
    RecurrentLayer& layer = *levels_[k].forecaster;
    if (levels_[k].up) levels_[k].up->backward(layer.output().merged(), dy, layer.output_gradient().merged());
    if (k == 1 && guided()) guide_entry_->backward(entering, dy, {});
    dy = Tensor();
    const bool has_input = layer.options().input_channels > 0;
    const InputAgain x = [&] {
      const bool coarsest = k + 1 == levels_.size();
      const Tensor given = coarsest ? guide_entry_->forward(entering, Mode::kTraining) : raised(k + 1);
      return given.reshaped(input_shape(layer, static_cast<int>(k)));
    };
    RecurrentLayer::Gradients gradients =
        layer.backward(dfinal.empty() ? RecurrentState() : dfinal[k], has_input ? x : InputAgain(),
                       has_input ? InputGradient::kWanted : InputGradient::kNone);
    dstates[k] = std::move(gradients.initial);
    if (has_input) dy = gradients.x.merged();
  }
  if (levels_.size() == 1 && guided()) guide_entry_->backward(entering, dy, {});
  return dstates;
}

LevelStates EncoderForecaster::backward_encoder(const Tensor& frames, const LevelStates& dfinal) {
  LevelStates dstates(levels_.size());
  for (std::size_t k = levels_.size(); k-- > 0;) {
    RecurrentLayer& layer = *levels_[k].encoder;
    // The coarsest outputs feed nothing but the next state; a finer level's were written by the level below it.
    if (k + 1 == levels_.size()) backend_.fill(0.0, layer.output_gradient());
    const auto below = [&] { return k == 0 ? enter(frames) : levels_[k - 1].encoder->output().merged(); };
    const InputAgain x = [&] {
      return levels_[k].conv->forward(below(), Mode::kTraining).reshaped(input_shape(layer, static_cast<int>(k)));
    };
    RecurrentLayer::Gradients gradients = layer.backward(dfinal[k], x, InputGradient::kWanted);
    dstates[k] = std::move(gradients.initial);
    // The gradient with respect to the frames themselves is nobody's.
    levels_[k].conv->backward(below(), gradients.x.merged(),
                              k == 0 ? Tensor() : levels_[k - 1].encoder->output_gradient().merged());
  }
  return dstates;
}

}  // namespace nextframe
