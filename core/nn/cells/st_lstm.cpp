#include "core/nn/cells/st_lstm.h"

#include "core/base/error.h"
#include "core/nn/convolution_layer.h"

namespace nextframe {

namespace {

constexpr int kGates = 7;
constexpr int kHiddenGates = 4;

}  // namespace

StLstm::StLstm(const Context& context, const std::string& prefix, const CellOptions& options) : Cell(context, options) {
  if (options.peephole) reject("[stlstm] got peephole true, expected false: its output gate sees c and m as it is");
  if (options.norm != Norm::kNone) reject("[stlstm] got norm \"group\", expected \"none\"");
  const std::int64_t channels = options.hidden_channels;
  ids_ = declare_gates(context, prefix, options, {.gates = kGates, .hidden_gates = kHiddenGates});
  const auto declare = [&](const std::string& name, std::int64_t out, std::int64_t in, int kernel) {
    return context_.parameters.declare({.name = prefix + name,
                                        .shape = {out, in, kernel, kernel},
                                        .kind = ParameterKind::kWeight,
                                        .fan_in = in * kernel * kernel});
  };
  memory_weight_ = declare(".memory.weight", 3 * channels, channels, options.hidden_kernel);
  output_weight_ = declare(".output.weight", channels, 2 * channels, options.hidden_kernel);
  mix_weight_ = declare(".mix.weight", channels, 2 * channels, 1);
  cell_.last = memory_.first = 3 * channels;
  memory_.last = output_.first = 6 * channels;
  output_.last = 7 * channels;
}

void StLstm::allocate(const Geometry& geometry, std::int64_t slots, std::int64_t kept) {
  geometry_ = geometry;
  Geometry steps = geometry;
  steps.steps = slots;
  for (Gates* part : {&cell_, &memory_, &output_}) part->values = context_.allocate(steps.sequence(part->channels()));
  steps.steps = kept;
  const std::int64_t channels = options_.hidden_channels;
  content_ = context_.allocate(steps.sequence(channels));
  joined_ = context_.allocate(steps.sequence(2 * channels));
  memory_before_ = context_.allocate(steps.sequence(channels));
}

void StLstm::convolve_input(const Gates& part, const Tensor& x, const Tensor& gates) {
  const ParameterSet& parameters = context_.parameters;
  context_.backend.convolution(input_spec(), x, parameters.weight(ids_.input_weight, part.first, part.last),
                               ids_.input_bias_value(parameters, part.first, part.last), gates, Write::kOverwrite);
}

void StLstm::begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) {
  initial_ = initial;
  const std::int64_t kept = mode == Mode::kTraining ? geometry.steps : 1;
  allocate(geometry, has_input() ? geometry.steps : kept, kept);
  if (!has_input()) return;
  for (const Gates* part : {&cell_, &memory_, &output_}) convolve_input(*part, x.merged(), part->values.merged());
}

void StLstm::begin_steps(const Geometry& geometry, InitialState initial) {
  initial_ = initial;
  allocate(geometry, geometry.steps, geometry.steps);
}

void StLstm::take_input(std::int64_t t, const Tensor& x) {
  for (const Gates* part : {&cell_, &memory_, &output_}) convolve_input(*part, x, part->at(t));
}

WeightView StLstm::hidden_weight(const Gates& part) const {
  const std::int64_t first = hidden_first(part);
  return context_.parameters.weight(ids_.hidden_weight, first, first + part.channels());
}

Tensor StLstm::as_activation(const Tensor& state) const {
  if (state.dtype() == context_.dtype) return state;
  const Tensor converted = context_.allocate(state.shape());
  context_.backend.copy(state, converted);
  return converted;
}

void StLstm::step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  const std::int64_t kept = joined_.dimension(0) == 1 ? 0 : t;
  if (!has_input()) {
    for (const Gates* part : {&cell_, &memory_, &output_}) {
      start_from_bias(ids_.input_bias_value(parameters, part->first, part->last), part->at(t));
    }
  }
  if (has_hidden(t)) {
    for (const Gates* part : {&cell_, &output_}) {
      backend.convolution(hidden_spec(), previous[0], hidden_weight(*part), {}, part->at(t), Write::kAccumulate);
    }
  }
  // The memory comes from the layer below, and is none of zeros at the first step.
  const Tensor memory = memory_before_.at(kept), joined = joined_.at(kept), content = content_.at(kept);
  backend.copy(previous[2], memory);
  backend.convolution(hidden_spec(), memory, parameters.weight(memory_weight_), {}, memory_.at(t), Write::kAccumulate);
  const GatedMemorySpec spec{.forget_bias = options_.forget_bias};
  backend.gated_memory(spec, previous[1], cell_.at(t), next[1]);
  backend.gated_memory(spec, previous[2], memory_.at(t), next[2]);
  backend.write_channels(as_activation(next[1]), 0, joined);
  backend.write_channels(as_activation(next[2]), options_.hidden_channels, joined);
  backend.convolution(hidden_spec(), joined, parameters.weight(output_weight_), {}, output_.at(t), Write::kAccumulate);
  backend.convolution({}, joined, parameters.weight(mix_weight_), {}, content, Write::kOverwrite);
  backend.gated_output(GateValues::kPreActivation, output_.at(t), content, next[0]);
}

void StLstm::begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t) {
  initial_ = initial;
  tile_rows_ = geometry.height;
  allocate(tile_geometry(geometry, geometry.height), 1, 1);
  geometry_ = geometry;
}

void StLstm::step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                                  const RecurrentState& next) {
  if (x) {
    for (const Gates* part : {&cell_, &memory_, &output_}) convolve_input(*part, x, part->at(0));
  }
  step(t, previous, next);
}

void StLstm::restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  Backend& backend = context_.backend;
  const GatedMemorySpec spec{.gates = GateValues::kActivated};
  backend.gated_memory(spec, previous[1], cell_.at(t), next[1]);
  backend.gated_memory(spec, previous[2], memory_.at(t), next[2]);
  backend.gated_output(GateValues::kActivated, output_.at(t), content_.at(t), next[0]);
}

void StLstm::step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState&,
                           const RecurrentState& dstate, const Tensor& dprevious) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  const Tensor doutput = output_.at(t), dcontent = content_.at(t);
  backend.gated_output_backward(dstate[0], doutput, dcontent);
  // Of [c,m], added to what comes from the next step and the layer above.
  const Tensor djoined = context_.allocate_exact(joined_.shape().from(1));
  backend.convolution_transposed(hidden_spec(), doutput, parameters.weight(output_weight_), {}, djoined,
                                 Write::kOverwrite);
  backend.convolution_transposed({}, dcontent, parameters.weight(mix_weight_), {}, djoined, Write::kAccumulate);
  const Tensor part_of_joined = context_.allocate_exact(dstate[1].shape());
  for (const std::size_t i : {std::size_t{1}, std::size_t{2}}) {
    backend.read_channels(djoined, i == 1 ? 0 : options_.hidden_channels, part_of_joined);
    backend.add(1.0, part_of_joined, dstate[i], Write::kAccumulate);
  }
  backend.gated_memory_backward(previous[1], cell_.at(t), dstate[1]);
  backend.gated_memory_backward(previous[2], memory_.at(t), dstate[2]);
  backend.convolution_transposed(hidden_spec(), memory_.at(t), parameters.weight(memory_weight_), {}, dstate[2],
                                 Write::kAccumulate);
  if (!has_hidden(t)) return;
  for (const Gates* part : {&cell_, &output_}) {
    backend.convolution_transposed(hidden_spec(), part->at(t), hidden_weight(*part), {}, dprevious, Write::kAccumulate);
  }
}

void StLstm::add_input_gradient(std::int64_t t, const Tensor& dx) {
  for (const Gates* part : {&cell_, &memory_, &output_}) {
    ids_.input_gradient(context_, input_spec(), part->at(t), part->first, dx, Write::kAccumulate);
  }
}

void StLstm::finish_hidden(const Tensor& hidden) {
  const ParameterSet& parameters = context_.parameters;
  const Range ran{first_hidden(), geometry_.steps};
  if (ran.size() > 0) {
    for (const Gates* part : {&cell_, &output_}) {
      ids_.add_hidden_gradient(context_, hidden_spec(), hidden.range(ran), part->values.range(ran),
                               hidden_first(*part));
    }
  }
  const auto add_gradient = [&](const ConvolutionSpec& spec, const Tensor& x, const Tensor& dy, ParameterSet::Id id) {
    context_.backend.convolution_weight_gradient(spec, x.merged(), dy.merged(), parameters.gradient(id),
                                                 Write::kAccumulate);
  };
  add_gradient(hidden_spec(), memory_before_, memory_.values, memory_weight_);
  add_gradient(hidden_spec(), joined_, output_.values, output_weight_);
  add_gradient({}, joined_, content_, mix_weight_);
  content_ = joined_ = memory_before_ = Tensor();
}

void StLstm::finish_input(const Tensor& x) {
  for (const Gates* part : {&cell_, &memory_, &output_}) {
    ids_.add_input_gradient(context_, input_spec(), x, part->values, part->first);
  }
}

void StLstm::input_gradient(const Tensor& dx) {
  for (const Gates* part : {&cell_, &memory_, &output_}) {
    ids_.input_gradient(context_, input_spec(), part->values.merged(), part->first, dx.merged(),
                        part == &cell_ ? Write::kOverwrite : Write::kAccumulate);
  }
}

void StLstm::release() {
  for (Gates* part : {&cell_, &memory_, &output_}) part->values = Tensor();
  content_ = joined_ = memory_before_ = Tensor();
}

}  // namespace nextframe
