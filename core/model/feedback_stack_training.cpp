#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/model/feedback_stack.h"

namespace nextframe {

void FeedbackStack::check_input(const TrainingInput& input) const {
  expect_frames(input.frames);
  if (input.context < 1 || input.horizon < 1) {
    fail("[model] got a context of {} and a horizon of {}, expected at least 1 each", input.context, input.horizon);
  }
  if (input.guide) fail("[model] got a guide for a network that has none");
  const std::int64_t steps = input.context + input.horizon - 1;
  const std::int64_t expected = input.truth.empty() ? input.context : steps;
  if (input.frames.dimension(0) < expected) {
    fail("[model] got {} frames, expected {}", input.frames.dimension(0), expected);
  }
  const auto choices = static_cast<std::int64_t>(input.truth.size());
  if (choices != 0 && choices != (input.horizon - 1) * input.frames.dimension(1)) {
    fail("[model] got {} choices of what to feed back, expected one for each step behind the context and sequence",
         choices);
  }
}

Tensor FeedbackStack::forward_training(const TrainingInput& input) {
  check_input(input);
  set_frame_size(input.frames);
  pass_ = {.context = input.context,
           .steps = input.context + input.horizon - 1,
           .segment = execution_.segment,
           .truth = input.truth,
           .states = {},
           .inputs = {},
           .outputs = {},
           .head_outputs = {}};
  const Shape frame = patched_geometry(1).step(patched(input_channels_));
  {
    const Part part(backend_, "frames");
    const std::int64_t known = input.truth.empty() ? pass_.context : pass_.steps;
    pass_.inputs = context_.allocate(frame.with_front(pass_.steps));
    backend_.copy(enter(input.frames.range(0, known)), pass_.inputs.range(0, known).merged());
    pass_.outputs = context_.allocate_exact(frame.with_front(pass_.steps));
  }
  LevelStates states;
  for (const Range& segment : segments_of(pass_.steps, pass_.segment)) {
    pass_.states.push_back(states);
    // Backward begins with the last one, so that its activations are at hand.
    if (segment.last < pass_.steps) {
      run_inference(segment, states);
    } else {
      run_training(segment, states);
    }
  }
  return leave(pass_.outputs.merged(), pass_.steps);
}

void FeedbackStack::each_fed_back(std::int64_t t, const std::function<void(std::int64_t)>& visit) const {
  if (t < pass_.context) return;
  const std::int64_t sequences = pass_.inputs.dimension(1);
  for (std::int64_t n = 0; n < sequences; ++n) {
    const auto choice = static_cast<std::size_t>((t - pass_.context) * sequences + n);
    if (pass_.truth.empty() || pass_.truth[choice] == 0) visit(n);
  }
}

void FeedbackStack::feed_back(std::int64_t t) {
  each_fed_back(t, [&](std::int64_t n) {
    backend_.copy(pass_.outputs.at(t - 1).range(n, n + 1), pass_.inputs.at(t).range(n, n + 1));
  });
}

void FeedbackStack::feed_back_gradient(std::int64_t t, const Tensor& dinput, const Tensor& doutputs) {
  Tensor exact = dinput;
  if (dinput.dtype() != context_.exact_dtype()) {
    exact = context_.allocate_exact(dinput.shape());
    backend_.copy(dinput, exact);
  }
  each_fed_back(t, [&](std::int64_t n) {
    backend_.add(1.0, exact.range(n, n + 1), doutputs.at(t - 1).range(n, n + 1), Write::kAccumulate);
  });
}

void FeedbackStack::run_inference(const Range& segment, LevelStates& states) {
  for (std::int64_t t = segment.first; t < segment.last; ++t) {
    feed_back(t);
    advance(pass_.inputs.at(t), 1, states);
    finish_frame(states.back()[0], pass_.outputs.at(t));
  }
}

Tensor FeedbackStack::memory_for(std::size_t k, std::int64_t step) const {
  if (!passes_memory()) return {};
  return k > 0 ? layers_[k - 1]->state_at(step + 1).back() : layers_.back()->state_at(step).back();
}

void FeedbackStack::run_training(const Range& segment, const LevelStates& states) {
  const Geometry geometry = patched_geometry(segment.size());
  Tensor x = pass_.inputs.range(segment);
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    layers_[k]->begin_steps(geometry, x, states.empty() ? RecurrentState() : states[k]);
    x = layers_[k]->hidden();
  }
  pass_.head_outputs.clear();
  for (std::size_t j = 0; j + 1 < head_.size(); ++j) {
    pass_.head_outputs.push_back(context_.allocate(geometry.sequence(head_[j]->options().output_channels)));
  }
  for (std::int64_t t = segment.first; t < segment.last; ++t) {
    const std::int64_t step = t - segment.first;
    feed_back(t);
    for (std::size_t k = 0; k < layers_.size(); ++k) layers_[k]->step(step, memory_for(k, step));
    Tensor y = x.at(step);
    for (std::size_t j = 0; j < head_.size(); ++j) {
      const Tensor result = j + 1 < head_.size() ? pass_.head_outputs[j].at(step) : pass_.outputs.at(t);
      head_[j]->run(y, result);
      y = result;
    }
  }
}

void FeedbackStack::backward(const Tensor& dprediction) {
  if (!pass_.inputs) fail("[model] got a backward pass without a forward pass in training mode before it");
  const Tensor doutputs = enter_gradient(dprediction).reshaped(pass_.outputs.shape());
  const std::vector<Range> segments = segments_of(pass_.steps, pass_.segment);
  LevelStates dstates;
  for (std::size_t i = segments.size(); i-- > 0;) {
    if (i + 1 < segments.size()) run_training(segments[i], pass_.states[i]);
    pass_.states.pop_back();
    dstates = backward_segment(segments[i], doutputs, dstates);
  }
  pass_ = {};
}

LevelStates FeedbackStack::backward_segment(const Range& segment, const Tensor& doutputs, const LevelStates& dfinal) {
  const Geometry geometry = patched_geometry(segment.size());
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    layers_[k]->begin_backward(dfinal.empty() ? RecurrentState() : dfinal[k]);
  }
  // One gradient goes through all layers and steps, as the memory did.
  const Tensor dmemory = passes_memory() ? layers_.back()->memory_gradient() : Tensor();
  std::vector<Tensor> dhead;  // of what the convolutions before the last one gave
  for (const Tensor& output : pass_.head_outputs) dhead.push_back(backend_.zeros(output.shape(), context_.dtype));
  const Tensor dinput = context_.allocate(geometry.step(patched(input_channels_)));
  for (std::int64_t t = segment.last - 1; t >= segment.first; --t) {
    const std::int64_t step = t - segment.first;
    Tensor dy = doutputs.at(t);
    for (std::size_t j = head_.size(); j-- > 0;) {
      const Tensor y = j + 1 < head_.size() ? pass_.head_outputs[j].at(step) : pass_.outputs.at(t);
      const Tensor dx = j > 0 ? dhead[j - 1].at(step) : layers_.back()->hidden_gradient(step);
      head_[j]->add_data_gradient(y, dy, dx);
      dy = dx;
    }
    const bool fed = t >= pass_.context;
    if (fed) backend_.fill(0.0, dinput);
    for (std::size_t k = layers_.size(); k-- > 0;) {
      const Tensor below = fed ? dinput : Tensor();
      layers_[k]->step_backward(step, k > 0 ? layers_[k - 1]->hidden_gradient(step) : below, memory_for(k, step),
                                dmemory);
    }
    if (fed) feed_back_gradient(t, dinput, doutputs);
  }
  for (std::size_t j = 0; j < head_.size(); ++j) {
    const Tensor x = j > 0 ? pass_.head_outputs[j - 1] : layers_.back()->hidden();
    const Tensor dy = j + 1 < head_.size() ? dhead[j] : doutputs.range(segment);
    head_[j]->add_weight_gradient(x.merged(), dy.merged());
  }
  // From the highest down: a layer's input stands in the one below it.
  LevelStates dstates(layers_.size());
  for (std::size_t k = layers_.size(); k-- > 0;) dstates[k] = layers_[k]->finish_backward();
  return dstates;
}

}  // namespace nextframe
