#include "core/nn/cells/conv_gru_before.h"

#include <algorithm>
#include <vector>

#include "core/base/error.h"

namespace nextframe {

namespace {

constexpr int kGates = 3;

}  // namespace

ConvGruBefore::ConvGruBefore(const Context& context, const std::string& prefix, const CellOptions& options)
    : Cell(context, options) {
  if (options.hidden_bias == HiddenBias::kCandidate || options.hidden_bias == HiddenBias::kAll) {
    reject(
        "[convgru] got a hidden bias with reset \"before\", expected \"auto\" or \"none\": the input bias does the "
        "same");
  }
  const std::int64_t channels = options.hidden_channels;
  const GateDeclaration declaration{.gates = kGates};
  ids_ = declare_gates(context, prefix, options, declaration);
  gates_.last = 2 * channels;
  candidate_.first = 2 * channels;
  candidate_.last = 3 * channels;
  if (options.norm == Norm::kGroup) {
    const NormParameters norm = declare_norm(context, prefix, options, declaration);
    for (Part* part : {&gates_, &candidate_}) {
      part->norm.emplace(context, norm.weight, norm.bias,
                         GateNorm::Channels{.first = part->first, .count = part->last - part->first}, channels);
    }
  }
}

void ConvGruBefore::prepare(const Geometry& geometry, InitialState initial, Mode mode) {
  geometry_ = geometry;
  initial_ = initial;
  Geometry kept = geometry;
  if (mode == Mode::kInference) kept.steps = 1;
  reset_hidden_ = context_.allocate(kept.sequence(options_.hidden_channels));
  if (has_input()) kept.steps = geometry.steps;
  allocate_part(gates_, kept);
  allocate_part(candidate_, kept);
}

void ConvGruBefore::begin(const Geometry& geometry, const Tensor& x, InitialState initial, Mode mode) {
  prepare(geometry, initial, mode);
  if (!has_input()) return;
  for (const Part* part : {&gates_, &candidate_}) convolve_input(*part, x.merged(), part->raw.merged());
}

void ConvGruBefore::begin_steps(const Geometry& geometry, InitialState initial) {
  prepare(geometry, initial, Mode::kTraining);
}

void ConvGruBefore::take_input(std::int64_t t, const Tensor& x) {
  for (const Part* part : {&gates_, &candidate_}) convolve_input(*part, x, part->raw.at(t));
}

Tensor ConvGruBefore::bias_of(const Part& part) const {
  return ids_.input_bias_value(context_.parameters, part.first, part.last);
}

void ConvGruBefore::allocate_part(Part& part, const Geometry& kept) {
  part.raw = context_.allocate(kept.sequence(part.last - part.first));
  if (!part.norm) return;
  part.normalised = context_.allocate(part.raw.shape());
  part.norm->begin(kept, kept.steps);
}

void ConvGruBefore::convolve_input(const Part& part, const Tensor& x, const Tensor& raw) {
  const WeightView weight = context_.parameters.weight(ids_.input_weight, part.first, part.last);
  context_.backend.convolution(input_spec(), x, weight, bias_of(part), raw, Write::kOverwrite);
}

void ConvGruBefore::convolve_hidden(Part& part, std::int64_t t, const Tensor& source) {
  const ParameterSet& parameters = context_.parameters;
  const std::int64_t at = slot(t, part.raw);
  const Tensor raw = part.raw.at(at);
  if (has_hidden(t)) {
    context_.backend.convolution(hidden_spec(), source, parameters.weight(ids_.hidden_weight, part.first, part.last),
                                 has_input() ? Tensor() : bias_of(part), raw,
                                 has_input() ? Write::kAccumulate : Write::kOverwrite);
  } else if (!has_input()) {
    start_from_bias(bias_of(part), raw);
  }
  if (part.norm) part.norm->forward(at, raw, part.normalised.at(at));
}

void ConvGruBefore::step(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  const Tensor reset_hidden = reset_hidden_.at(slot(t, reset_hidden_));
  convolve_hidden(gates_, t, previous[0]);
  const Tensor gates = gates_.activated().at(slot(t, gates_.raw));
  context_.backend.gru_before_gates(previous[0], gates, reset_hidden);
  convolve_hidden(candidate_, t, reset_hidden);
  const Tensor candidate = candidate_.activated().at(slot(t, candidate_.raw));
  context_.backend.gru_before_output(options_.candidate, gates, previous[0], candidate, next[0]);
}

void ConvGruBefore::begin_tiles(const Geometry& geometry, InitialState initial, std::int64_t rows) {
  geometry_ = geometry;
  initial_ = initial;
  // The candidate's convolution reads r o h' beyond its tile, no further than into the next one.
  tile_rows_ = gates_.norm ? geometry.height : std::max<std::int64_t>(rows, hidden_spec().pad);
  Geometry tile = tile_geometry(geometry, tile_rows_);
  reset_hidden_ = context_.allocate(geometry.step(options_.hidden_channels).with(0, 1));
  allocate_part(candidate_, tile);
  tile.steps = 2;
  allocate_part(gates_, tile);
}

ConvGruBefore::GateWeights ConvGruBefore::weights_of(const Part& part) const {
  const ParameterSet& parameters = context_.parameters;
  return {.input = has_input() ? parameters.weight(ids_.input_weight, part.first, part.last) : WeightView(),
          .hidden = parameters.weight(ids_.hidden_weight, part.first, part.last),
          .bias = bias_of(part)};
}

Tensor ConvGruBefore::convolve_part(Part& part, std::int64_t slot, const Range& tile, const Tensor& x,
                                    const Tensor& source) {
  const Tensor raw = part.raw.at(slot).rows({0, tile.size()});
  convolve_tile(tile, weights_of(part), x, source, raw);
  if (part.norm) part.norm->forward(slot, raw, part.normalised.at(slot));
  return part.activated().at(slot).rows({0, tile.size()});
}

void ConvGruBefore::step_sample_in_tiles(std::int64_t t, const Tensor& x, const RecurrentState& previous,
                                         const RecurrentState& next) {
  const Tensor& hidden = previous[0];
  const auto reset = [&](const Range& tile, std::int64_t slot) {
    const Tensor gates = convolve_part(gates_, slot, tile, x, has_hidden(t) ? hidden : Tensor());
    context_.backend.gru_before_gates(hidden.rows(tile), gates, reset_hidden_.rows(tile));
  };
  const auto output = [&](const Range& tile, std::int64_t slot) {
    const Tensor candidate = convolve_part(candidate_, 0, tile, x, has_hidden(t) ? reset_hidden_ : Tensor());
    context_.backend.gru_before_output(options_.candidate, gates_.activated().at(slot).rows({0, tile.size()}),
                                       hidden.rows(tile), candidate, next[0].rows(tile));
  };
  // Each tile's second half waits for the first half of the tile below.
  const std::vector<Range> tiles = pieces_of(geometry_.height, tile_rows_);
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    reset(tiles[i], static_cast<std::int64_t>(i % 2));
    if (i > 0) output(tiles[i - 1], static_cast<std::int64_t>((i - 1) % 2));
  }
  output(tiles.back(), static_cast<std::int64_t>((tiles.size() - 1) % 2));
}

void ConvGruBefore::restore(std::int64_t t, const RecurrentState& previous, const RecurrentState& next) {
  context_.backend.gru_state(gates_.activated().at(t), candidate_.activated().at(t), previous[0], next[0]);
}

void ConvGruBefore::step_backward(std::int64_t t, const RecurrentState& previous, const RecurrentState&,
                                  const RecurrentState& dstate, const Tensor& dprevious) {
  Backend& backend = context_.backend;
  const ParameterSet& parameters = context_.parameters;
  const Tensor dgates = gates_.activated().at(t);
  const Tensor dcandidate = candidate_.activated().at(t);
  backend.gru_before_output_backward(options_.candidate, previous[0], dstate[0], dcandidate, dgates, dprevious);
  if (candidate_.norm) candidate_.norm->backward(t, candidate_.raw.at(t), dcandidate);
  const Tensor dreset_hidden = context_.allocate(geometry_.step(options_.hidden_channels));
  if (has_hidden(t)) {
    backend.convolution_transposed(hidden_spec(), dcandidate,
                                   parameters.weight(ids_.hidden_weight, candidate_.first, candidate_.last), {},
                                   dreset_hidden, Write::kOverwrite);
  } else {
    backend.fill(0.0, dreset_hidden);
  }
  backend.gru_before_gates_backward(previous[0], dreset_hidden, dgates, dprevious);
  if (gates_.norm) gates_.norm->backward(t, gates_.raw.at(t), dgates);
  if (has_hidden(t)) {
    backend.convolution_transposed(hidden_spec(), dgates,
                                   parameters.weight(ids_.hidden_weight, gates_.first, gates_.last), {}, dprevious,
                                   Write::kAccumulate);
  }
}

void ConvGruBefore::add_input_gradient(std::int64_t t, const Tensor& dx) {
  for (const Part* part : {&gates_, &candidate_}) {
    ids_.input_gradient(context_, input_spec(), part->activated().at(t), part->first, dx, Write::kAccumulate);
  }
}

void ConvGruBefore::finish_hidden(const Tensor& hidden) {
  const Range ran{first_hidden(), geometry_.steps};
  if (ran.size() > 0) {
    ids_.add_hidden_gradient(context_, hidden_spec(), hidden.range(ran), gates_.activated().range(ran), gates_.first);
    ids_.add_hidden_gradient(context_, hidden_spec(), reset_hidden_.range(ran), candidate_.activated().range(ran),
                             candidate_.first);
  }
  reset_hidden_ = Tensor();
}

void ConvGruBefore::finish_input(const Tensor& x) {
  for (const Part* part : {&gates_, &candidate_}) {
    ids_.add_input_gradient(context_, input_spec(), x, part->activated(), part->first);
  }
}

void ConvGruBefore::input_gradient(const Tensor& dx) {
  ids_.input_gradient(context_, input_spec(), gates_.activated().merged(), gates_.first, dx.merged(),
                      Write::kOverwrite);
  ids_.input_gradient(context_, input_spec(), candidate_.activated().merged(), candidate_.first, dx.merged(),
                      Write::kAccumulate);
}

void ConvGruBefore::release() {
  for (Part* part : {&gates_, &candidate_}) {
    part->raw = part->normalised = Tensor();
    if (part->norm) part->norm->release();
  }
  reset_hidden_ = Tensor();
}

}  // namespace nextframe
