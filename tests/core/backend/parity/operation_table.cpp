#include "tests/core/backend/parity/operation_table.h"

#include <utility>

namespace nextframe::test {

namespace {

using Tensors = std::vector<Tensor>;
using Cases = std::vector<OperationCase>;

constexpr Write kWrites[] = {Write::kOverwrite, Write::kAccumulate};
constexpr ActivationSpec kActivations[] = {{Activation::kNone, 0.2},
                                           {Activation::kRelu, 0.2},
                                           {Activation::kLeaky, 0.1},
                                           {Activation::kTanh, 0.2},
                                           {Activation::kSigmoid, 0.2}};
constexpr ActivationSpec kCandidates[] = {
    {Activation::kTanh, 0.2}, {Activation::kLeaky, 0.2}, {Activation::kRelu, 0.2}};

Role role_of(Write write) { return write == Write::kOverwrite ? Role::kWritten : Role::kUpdated; }

std::string suffix(const ActivationSpec& spec) { return " activation " + std::to_string(static_cast<int>(spec.kind)); }
std::string suffix(Write write) { return write == Write::kOverwrite ? " overwrite" : " accumulate"; }

OperationArgument read(const Shape& shape, double low = -1.0, double high = 1.0) {
  return {.role = Role::kRead, .shape = shape, .low = low, .high = high};
}
OperationArgument written(const Shape& shape) { return {.role = Role::kWritten, .shape = shape}; }
OperationArgument updated(const Shape& shape, double low = -1.0, double high = 1.0) {
  return {.role = Role::kUpdated, .shape = shape, .low = low, .high = high};
}
OperationArgument exact(OperationArgument argument) {
  argument.type = ArgumentType::kExact;
  return argument;
}
OperationArgument weights_of(const Shape& shape) {
  return {.role = Role::kRead, .shape = shape, .type = ArgumentType::kWeights};
}
OperationArgument scalar(Role role) {
  return {.role = role, .shape = {1}, .low = 0.5, .high = 1.5, .type = ArgumentType::kFloat64};
}

std::vector<Shape> state_shapes() {
  return {{1, 1, 1, 1}, {2, 3, 5, 1}, {1, 5, 7, 3}, {3, 4, 4, 8}, {2, 7, 5, 17}, {1, 9, 6, 33}, {2, 24, 20, 64}};
}

Shape times(const Shape& shape, std::int64_t factor) { return shape.with(-1, shape[-1] * factor); }

void add_elementwise(Cases& cases) {
  for (const Shape& shape : state_shapes()) {
    const std::string at = " " + to_string(shape);
    const Shape channels{shape[-1]};
    cases.push_back({"fill" + at, {written(shape)}, [](Backend& b, const Tensors& t) { b.fill(-0.25, t[0]); }});
    cases.push_back(
        {"copy" + at, {read(shape), written(shape)}, [](Backend& b, const Tensors& t) { b.copy(t[0], t[1]); }});
    cases.push_back({"copy from exact" + at, {exact(read(shape)), written(shape)}, [](Backend& b, const Tensors& t) {
                       b.copy(t[0], t[1]);
                     }});
    cases.push_back({"copy to exact" + at, {read(shape), exact(written(shape))}, [](Backend& b, const Tensors& t) {
                       b.copy(t[0], t[1]);
                     }});
    cases.push_back({"moving_average" + at,
                     {exact(read(shape)), exact(updated(shape))},
                     [](Backend& b, const Tensors& t) { b.moving_average(0.9, t[0], t[1]); }});
    for (const Write write : kWrites) {
      const OperationArgument y{.role = role_of(write), .shape = shape};
      const OperationArgument sums = exact({.role = role_of(write), .shape = channels});
      cases.push_back({"add" + at + suffix(write), {read(shape), y}, [write](Backend& b, const Tensors& t) {
                         b.add(-1.7, t[0], t[1], write);
                       }});
      cases.push_back({"broadcast_channels" + at + suffix(write),
                       {exact(read(channels)), y},
                       [write](Backend& b, const Tensors& t) { b.broadcast_channels(t[0], t[1], write); }});
      cases.push_back({"sum_channels" + at + suffix(write), {read(shape), sums}, [write](Backend& b, const Tensors& t) {
                         b.sum_channels(t[0], t[1], write);
                       }});
    }
    const std::int64_t third = shape[-1];
    cases.push_back({"write_channels" + at,
                     {read(shape), updated(times(shape, 3))},
                     [third](Backend& b, const Tensors& t) { b.write_channels(t[0], third, t[1]); }});
    cases.push_back({"read_channels" + at,
                     {read(times(shape, 3)), written(shape)},
                     [third](Backend& b, const Tensors& t) { b.read_channels(t[0], third, t[1]); }});
    for (const ActivationSpec& spec : kActivations) {
      cases.push_back({"activate" + at + suffix(spec),
                       {read(shape, -6.0, 6.0), written(shape)},
                       [spec](Backend& b, const Tensors& t) { b.activate(spec, t[0], t[1]); }});
      cases.push_back({"activate in place" + at + suffix(spec),
                       {updated(shape, -6.0, 6.0)},
                       [spec](Backend& b, const Tensors& t) { b.activate(spec, t[0], t[0]); }});
      cases.push_back({"activate_backward" + at + suffix(spec),
                       {read(shape), read(shape), written(shape)},
                       [spec](Backend& b, const Tensors& t) { b.activate_backward(spec, t[0], t[1], t[2]); }});
      cases.push_back({"activate_backward in place" + at + suffix(spec),
                       {read(shape), updated(shape)},
                       [spec](Backend& b, const Tensors& t) { b.activate_backward(spec, t[0], t[1], t[1]); }});
    }
  }
}

void add_layout(Cases& cases) {
  for (const int block : {1, 2, 3}) {
    for (const std::int64_t channels : {1, 2, 5}) {
      const Shape frames{2, 2 * block, 3 * block, channels}, blocks{2, 2, 3, channels * block * block};
      const std::string at = " " + to_string(frames) + " block " + std::to_string(block);
      cases.push_back({"space_to_depth" + at, {read(frames), written(blocks)}, [block](Backend& b, const Tensors& t) {
                         b.space_to_depth(block, t[0], t[1]);
                       }});
      cases.push_back({"depth_to_space" + at, {read(blocks), written(frames)}, [block](Backend& b, const Tensors& t) {
                         b.depth_to_space(block, t[0], t[1]);
                       }});
    }
  }
  for (const PadFill fill : {PadFill::kZero, PadFill::kEdge}) {
    for (const Shape& to :
         {Shape{2, 5, 7, 3}, Shape{2, 8, 9, 3}, Shape{2, 3, 9, 3}, Shape{2, 9, 4, 3}, Shape{2, 2, 1, 3}}) {
      cases.push_back({"crop_or_pad to " + to_string(to) + (fill == PadFill::kEdge ? " edge" : " zero"),
                       {read({2, 5, 7, 3}), written(to)},
                       [fill](Backend& b, const Tensors& t) { b.crop_or_pad(fill, t[0], t[1]); }});
    }
  }
}

struct Problem {
  std::int64_t batch, height, width, in, out, kernel;
  int stride, pad, dilation;
};

constexpr Problem kProblems[] = {
    {1, 8, 8, 1, 1, 3, 1, 1, 1},    {2, 9, 7, 1, 16, 3, 1, 1, 1},  {1, 7, 5, 3, 5, 3, 1, 1, 1},
    {3, 6, 9, 17, 33, 5, 1, 2, 1},  {2, 8, 8, 16, 64, 5, 1, 2, 1}, {1, 2, 2, 4, 8, 5, 1, 2, 1},
    {2, 9, 8, 3, 16, 1, 2, 0, 1},   {1, 9, 9, 16, 32, 1, 3, 0, 1}, {2, 6, 6, 16, 1, 1, 1, 0, 1},
    {2, 8, 6, 8, 12, 4, 2, 1, 1},   {1, 9, 7, 5, 3, 4, 2, 1, 1},   {2, 20, 15, 2, 8, 7, 5, 1, 1},
    {1, 25, 20, 1, 8, 7, 5, 1, 1},  {2, 12, 9, 8, 8, 3, 1, 2, 2},  {1, 11, 11, 5, 4, 5, 1, 4, 2},
    {2, 10, 8, 64, 96, 3, 2, 1, 1}, {1, 9, 8, 64, 256, 5, 1, 2, 1}};

void add_convolutions(const Problem& p, Write write, Cases& cases) {
  ConvolutionSpec spec{.stride = p.stride, .pad = p.pad, .dilation = p.dilation, .activation = {}};
  const Shape large{p.batch, p.height, p.width, p.in}, weights{p.out, p.in, p.kernel, p.kernel};
  const Shape small{p.batch, spec.output_length(p.height, p.kernel), spec.output_length(p.width, p.kernel), p.out};
  const std::string at = " " + to_string(large) + " weights " + to_string(weights) + " stride " +
                         std::to_string(p.stride) + " dilation " + std::to_string(p.dilation) + suffix(write);
  const auto output = [&](const Shape& shape) { return OperationArgument{.role = role_of(write), .shape = shape}; };
  for (const ActivationSpec& activation : kActivations) {
    // The large problems are there for their blocking, not for their epilogues.
    const bool large_problem = weights.elements() > 10000;
    if ((write == Write::kAccumulate || large_problem) && activation.kind != Activation::kNone) continue;
    spec.activation = activation;
    for (const bool biased : {false, true}) {
      const std::string name = at + suffix(activation) + (biased ? " bias" : "");
      cases.push_back({"convolution" + name,
                       {read(large), weights_of(weights), exact(read({p.out})), output(small)},
                       [=](Backend& b, const Tensors& t) {
                         const WeightView w{t[1], b.next_weight_version()};
                         b.convolution(spec, t[0], w, biased ? t[2] : Tensor(), t[3], write);
                       }});
      cases.push_back({"convolution_transposed" + name,
                       {read(small), weights_of(weights), exact(read({p.in})), output(large)},
                       [=](Backend& b, const Tensors& t) {
                         const WeightView w{t[1], b.next_weight_version()};
                         b.convolution_transposed(spec, t[0], w, biased ? t[2] : Tensor(), t[3], write);
                       }});
    }
  }
  spec.activation = {};
  cases.push_back({"convolution to exact" + at,
                   {read(large), weights_of(weights), exact(read({p.out})), exact(output(small))},
                   [=](Backend& b, const Tensors& t) {
                     b.convolution(spec, t[0], {t[1], b.next_weight_version()}, t[2], t[3], write);
                   }});
  cases.push_back({"convolution_transposed to exact" + at,
                   {read(small), weights_of(weights), exact(read({p.in})), exact(output(large))},
                   [=](Backend& b, const Tensors& t) {
                     b.convolution_transposed(spec, t[0], {t[1], b.next_weight_version()}, t[2], t[3], write);
                   }});
  cases.push_back(
      {"convolution_weight_gradient" + at,
       {read(large), read(small), exact(output(weights))},
       [=](Backend& b, const Tensors& t) { b.convolution_weight_gradient(spec, t[0], t[1], t[2], write); }});
}

/// Rows at the top, in the middle and at the bottom, one alone and all of them.
std::vector<std::pair<std::int64_t, std::int64_t>> row_windows(std::int64_t height) {
  std::vector<std::pair<std::int64_t, std::int64_t>> windows{{0, 1}, {0, height}, {height - 1, 1}};
  if (height > 2) windows.insert(windows.end(), {{height / 2, 1}, {1, height - 2}, {height / 2, height - height / 2}});
  return windows;
}

void add_row_windows(Problem p, Write write, Cases& cases) {
  p.batch = 1;
  const ConvolutionSpec spec{.stride = p.stride, .pad = p.pad, .dilation = p.dilation, .activation = {}};
  const Shape large{1, p.height, p.width, p.in}, weights{p.out, p.in, p.kernel, p.kernel};
  const Shape small{1, spec.output_length(p.height, p.kernel), spec.output_length(p.width, p.kernel), p.out};
  if (p.pad > p.dilation * (p.kernel - 1)) return;
  const auto name = [&](const Shape& from, std::int64_t first, std::int64_t count) {
    return " of " + to_string(from) + " weights " + to_string(weights) + " stride " + std::to_string(p.stride) +
           " dilation " + std::to_string(p.dilation) + " rows " + std::to_string(first) + " and " +
           std::to_string(count) + suffix(write);
  };
  for (const auto& [first, count] : row_windows(small[1])) {
    cases.push_back({"convolution_rows" + name(large, first, count),
                     {read(large),
                      weights_of(weights),
                      exact(read({p.out})),
                      {.role = role_of(write), .shape = small.with(1, count)}},
                     [=, at = first](Backend& b, const Tensors& t) {
                       b.convolution_rows(spec, t[0], {t[1], b.next_weight_version()}, t[2], at, t[3], write);
                     }});
  }
  for (const auto& [first, count] : row_windows(large[1])) {
    cases.push_back(
        {"convolution_transposed_rows" + name(small, first, count),
         {read(small),
          weights_of(weights),
          exact(read({p.in})),
          {.role = role_of(write), .shape = large.with(1, count)}},
         [=, at = first](Backend& b, const Tensors& t) {
           b.convolution_transposed_rows(spec, t[0], {t[1], b.next_weight_version()}, t[2], at, t[3], write);
         }});
  }
}

void add_lstm(Cases& cases) {
  for (const Shape& state : state_shapes()) {
    const Shape gates = times(state, 4), peephole{3 * state[-1]};
    cases.push_back({"lstm_state " + to_string(state),
                     {exact(read(state)), read(gates, 0.05, 0.95), exact(written(state)), written(state)},
                     [](Backend& b, const Tensors& t) { b.lstm_state(t[0], t[1], t[2], t[3]); }});
    for (const bool peepholes : {false, true}) {
      const std::string at = " " + to_string(state) + (peepholes ? " peepholes" : "");
      cases.push_back(
          {"lstm" + at,
           {exact(read(state)), exact(read(peephole)), updated(gates, -3.0, 3.0), exact(written(state)),
            written(state)},
           [=](Backend& b, const Tensors& t) { b.lstm(t[0], peepholes ? t[1] : Tensor(), t[2], t[3], t[4]); }});
      cases.push_back(
          {"lstm in place" + at,
           {exact(updated(state)), exact(read(peephole)), updated(gates, -3.0, 3.0), written(state)},
           [=](Backend& b, const Tensors& t) { b.lstm(t[0], peepholes ? t[1] : Tensor(), t[2], t[0], t[3]); }});
      cases.push_back({"lstm_backward" + at,
                       {exact(read(state)), exact(read(state)), exact(read(peephole)), read(state),
                        updated(gates, 0.05, 0.95), exact(updated(state)), exact(updated(peephole))},
                       [=](Backend& b, const Tensors& t) {
                         b.lstm_backward(t[0], t[1], peepholes ? t[2] : Tensor(), t[3], t[4], t[5],
                                         peepholes ? t[6] : Tensor());
                       }});
    }
  }
}

void add_gated_memory(Cases& cases) {
  for (const Shape& state : state_shapes()) {
    const std::string at = " " + to_string(state);
    const Shape gates = times(state, 3);
    const GatedMemorySpec fresh{.forget_bias = 1}, again{.gates = GateValues::kActivated};
    cases.push_back({"gated_memory" + at,
                     {exact(read(state)), updated(gates, -3.0, 3.0), exact(written(state))},
                     [=](Backend& b, const Tensors& t) { b.gated_memory(fresh, t[0], t[1], t[2]); }});
    cases.push_back({"gated_memory in place" + at,
                     {exact(updated(state)), updated(gates, -3.0, 3.0)},
                     [=](Backend& b, const Tensors& t) { b.gated_memory(fresh, t[0], t[1], t[0]); }});
    cases.push_back({"gated_memory again" + at,
                     {exact(read(state)), read(gates, 0.05, 0.95), exact(written(state))},
                     [=](Backend& b, const Tensors& t) { b.gated_memory(again, t[0], t[1], t[2]); }});
    cases.push_back({"gated_memory_backward" + at,
                     {exact(read(state)), updated(gates, 0.05, 0.95), exact(updated(state))},
                     [](Backend& b, const Tensors& t) { b.gated_memory_backward(t[0], t[1], t[2]); }});
    cases.push_back(
        {"gated_output" + at,
         {updated(state, -3.0, 3.0), updated(state, -3.0, 3.0), written(state)},
         [](Backend& b, const Tensors& t) { b.gated_output(GateValues::kPreActivation, t[0], t[1], t[2]); }});
    cases.push_back({"gated_output again" + at,
                     {read(state, 0.05, 0.95), read(state), written(state)},
                     [](Backend& b, const Tensors& t) { b.gated_output(GateValues::kActivated, t[0], t[1], t[2]); }});
    cases.push_back({"gated_output_backward" + at,
                     {read(state), updated(state, 0.05, 0.95), updated(state, -0.95, 0.95)},
                     [](Backend& b, const Tensors& t) { b.gated_output_backward(t[0], t[1], t[2]); }});
  }
}

void add_gru(Cases& cases) {
  for (const Shape& state : state_shapes()) {
    for (const ActivationSpec& spec : kCandidates) {
      const std::string at = " " + to_string(state) + suffix(spec);
      const Shape three = times(state, 3), two = times(state, 2);
      cases.push_back({"gru_after" + at,
                       {read(three), read(state), updated(three), written(state), written(state)},
                       [=](Backend& b, const Tensors& t) { b.gru_after(spec, t[0], t[1], t[2], t[3], t[4]); }});
      cases.push_back(
          {"gru_after_backward" + at,
           {read(state), read(state), updated(state), updated(three, 0.05, 0.95), updated(state)},
           [=](Backend& b, const Tensors& t) { b.gru_after_backward(spec, t[0], t[1], t[2], t[3], t[4]); }});
      cases.push_back({"gru_before_output" + at,
                       {read(two, 0.05, 0.95), read(state), updated(state), written(state)},
                       [=](Backend& b, const Tensors& t) { b.gru_before_output(spec, t[0], t[1], t[2], t[3]); }});
      cases.push_back(
          {"gru_before_output_backward" + at,
           {read(state), read(state), updated(state), updated(two, 0.05, 0.95), updated(state)},
           [=](Backend& b, const Tensors& t) { b.gru_before_output_backward(spec, t[0], t[1], t[2], t[3], t[4]); }});
    }
    const std::string at = " " + to_string(state);
    const Shape two = times(state, 2);
    cases.push_back({"gru_state" + at,
                     {read(times(state, 3), 0.05, 0.95), read(state), written(state)},
                     [](Backend& b, const Tensors& t) { b.gru_state(t[0], {}, t[1], t[2]); }});
    cases.push_back({"gru_state with a candidate" + at,
                     {read(two, 0.05, 0.95), read(state), read(state), written(state)},
                     [](Backend& b, const Tensors& t) { b.gru_state(t[0], t[1], t[2], t[3]); }});
    cases.push_back({"gru_before_gates" + at,
                     {read(state), updated(two, -3.0, 3.0), written(state)},
                     [](Backend& b, const Tensors& t) { b.gru_before_gates(t[0], t[1], t[2]); }});
    cases.push_back({"gru_before_gates_backward" + at,
                     {read(state), read(state), updated(two, 0.05, 0.95), updated(state)},
                     [](Backend& b, const Tensors& t) { b.gru_before_gates_backward(t[0], t[1], t[2], t[3]); }});
  }
}

/// Flows that lead a few pixels away and beyond the frame, and ones that point at the pixels themselves.
void add_warps(Cases& cases) {
  for (const Shape& x : state_shapes()) {
    // As published, once, and beside it few.
    for (const std::int64_t links : {1, x[3] == 17 ? 13 : 3}) {
      for (const double reach : {0.0, 2.5, 40.0}) {
        const OperationArgument flows = exact(read(x.with(-1, 2 * links), -reach, reach));
        const std::string at = " " + to_string(x) + " links " + std::to_string(links) + " reach " +
                               std::to_string(static_cast<int>(reach));
        cases.push_back({"warp" + at, {read(x), flows, written(times(x, links))}, [](Backend& b, const Tensors& t) {
                           b.warp(t[0], t[1], 0, t[2]);
                         }});
        for (const Write write : kWrites) {
          cases.push_back(
              {"warp_backward" + at + suffix(write),
               {read(x),
                flows,
                read(times(x, links)),
                written(x.with(-1, 2 * links)),
                {.role = role_of(write), .shape = x}},
               [write](Backend& b, const Tensors& t) { b.warp_backward(t[0], t[1], t[2], t[3], t[4], write); }});
        }
      }
    }
    for (const auto& [first, count] : row_windows(x[1])) {
      const Shape rows = x.with(1, count);
      cases.push_back({"warp of " + to_string(x) + " rows " + std::to_string(first) + " and " + std::to_string(count),
                       {read(x), exact(read(rows.with(-1, 4), -3.0, 3.0)), written(times(rows, 2))},
                       [at = first](Backend& b, const Tensors& t) { b.warp(t[0], t[1], at, t[2]); }});
    }
  }
}

void add_group_norm(Cases& cases) {
  for (const int groups : {1, 2, 4}) {
    for (const std::int64_t width : {1, 3, 16, 32}) {
      const Shape x{3, 5, 7, groups * width}, channels{groups * width}, statistics{3, groups};
      const std::string at = " " + to_string(x) + " groups " + std::to_string(groups);
      const GroupNormSpec spec{.groups = groups};
      cases.push_back({"group_norm" + at,
                       {read(x, 2.0, 4.0), exact(read(channels)), exact(read(channels)), written(x),
                        exact(written(statistics)), exact(written(statistics))},
                       [=](Backend& b, const Tensors& t) { b.group_norm(spec, t[0], t[1], t[2], t[3], t[4], t[5]); }});
      const std::vector<OperationArgument> inputs{read(x), exact(read(channels)), exact(read(statistics, -0.1, 0.1)),
                                                  exact(read(statistics, 1.0, 2.0))};
      std::vector<OperationArgument> apart = inputs, in_place = inputs;
      apart.insert(apart.end(), {read(x), written(x), exact(updated(channels)), exact(updated(channels))});
      in_place.insert(in_place.end(), {updated(x), exact(updated(channels)), exact(updated(channels))});
      cases.push_back({"group_norm_backward" + at, apart, [=](Backend& b, const Tensors& t) {
                         b.group_norm_backward(spec, t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7]);
                       }});
      cases.push_back({"group_norm_backward in place" + at, in_place, [=](Backend& b, const Tensors& t) {
                         b.group_norm_backward(spec, t[0], t[1], t[2], t[3], t[4], t[4], t[5], t[6]);
                       }});
    }
  }
}

/// What every loss takes: prediction, target, mask, lead weights, sum and the prediction's gradient.
std::vector<OperationArgument> loss_arguments(const Shape& frames, Write write) {
  return {exact(read(frames, 0.05, 0.95)),
          exact(read(frames, 0.0, 1.0)),
          exact(read(frames.with(-1, 1), 0.0, 1.0)),
          exact(read({frames[0]}, 0.0, 2.0)),
          scalar(Role::kUpdated),
          exact({.role = role_of(write), .shape = frames})};
}

void add_pixel_losses(Cases& cases) {
  for (const PixelLoss kind :
       {PixelLoss::kSquared, PixelLoss::kAbsolute, PixelLoss::kHuber, PixelLoss::kCrossEntropy}) {
    for (const Shape& frames : {Shape{3, 2, 5, 7, 1}, Shape{1, 1, 9, 8, 3}, Shape{2, 3, 4, 4, 17}}) {
      for (const bool weighted : {false, true}) {
        for (const Write write : kWrites) {
          PixelLossSpec spec{.kind = kind, .delta = 0.3, .weight = 0.7, .scale = 0.01};
          if (weighted) spec.target_weights = {.thresholds = {0.25, 0.5, 0.7}, .weights = {1.0, 3.0, 0.5, 8.0}};
          cases.push_back({"pixel_loss " + std::to_string(static_cast<int>(kind)) + " " + to_string(frames) +
                               (weighted ? " weighted" : "") + suffix(write),
                           loss_arguments(frames, write), [=](Backend& b, const Tensors& t) {
                             b.pixel_loss(spec, t[0], t[1], weighted ? t[2] : Tensor(), weighted ? t[3] : Tensor(),
                                          t[4], t[5], write);
                           }});
        }
      }
    }
  }
}

// Sides that are powers of two, that hold other factors, and that are prime; one pixel a side where that is allowed.
void add_frame_losses(Cases& cases) {
  for (const FrameLoss kind : {FrameLoss::kSpectral, FrameLoss::kStructure}) {
    for (const Shape& frames : {Shape{2, 2, 16, 32, 1}, Shape{1, 3, 15, 14, 2}, Shape{3, 1, 13, 17, 1},
                                Shape{1, 1, 11, 11, 1}, Shape{1, 2, 1, 6, 1}, Shape{1, 1, 35, 1, 3}}) {
      if (kind == FrameLoss::kStructure && (frames[2] < kStructureWindow || frames[3] < kStructureWindow)) continue;
      for (const bool weighted : {false, true}) {
        for (const Write write : kWrites) {
          const FrameLossSpec spec{.kind = kind, .range = 1.5, .weight = 0.7, .scale = 0.01};
          cases.push_back({"frame_loss " + std::to_string(static_cast<int>(kind)) + " " + to_string(frames) +
                               (weighted ? " weighted" : "") + suffix(write),
                           loss_arguments(frames, write), [=](Backend& b, const Tensors& t) {
                             b.frame_loss(spec, t[0], t[1], weighted ? t[2] : Tensor(), weighted ? t[3] : Tensor(),
                                          t[4], t[5], write);
                           }});
        }
      }
    }
  }
}

void add_optimizers(Cases& cases) {
  for (const std::int64_t size : {1, 37, 20011}) {
    const Shape flat{size};
    cases.push_back({"euclidean_norm " + to_string(flat),
                     {exact(read(flat)), scalar(Role::kWritten)},
                     [](Backend& b, const Tensors& t) { b.euclidean_norm(t[0], t[1]); }});
    for (const OptimizerRule rule :
         {OptimizerRule::kAdam, OptimizerRule::kAdamW, OptimizerRule::kRmsProp, OptimizerRule::kSgd}) {
      for (const double momentum : {0.0, 0.9}) {
        for (const std::int64_t step : {1, 7}) {
          OptimizerSpec spec{.rule = rule, .lr = 0.05, .momentum = momentum, .weight_decay = 0.02, .step = step};
          for (const bool clip : {false, true}) {
            spec.clip_norm = clip ? 0.8 : 0.0;
            spec.clip_value = clip ? 0.3 : 0.0;
            cases.push_back(
                {"optimizer_step rule " + std::to_string(static_cast<int>(rule)) + " " + to_string(flat) +
                     " momentum " + std::to_string(momentum) + " step " + std::to_string(step) +
                     (clip ? " clipped" : ""),
                 {exact(read(flat)), scalar(Role::kRead), exact(updated(flat)), exact(updated(flat)),
                  exact(updated(flat, 0.1, 1.0))},
                 [=](Backend& b, const Tensors& t) { b.optimizer_step(spec, t[0], t[1], t[2], t[3], t[4]); }});
          }
        }
      }
    }
  }
}

}  // namespace

std::vector<OperationCase> operation_table() {
  Cases cases;
  add_elementwise(cases);
  add_layout(cases);
  for (const Problem& problem : kProblems) {
    for (const Write write : kWrites) {
      add_convolutions(problem, write, cases);
      add_row_windows(problem, write, cases);
    }
  }
  add_lstm(cases);
  add_gated_memory(cases);
  add_gru(cases);
  add_warps(cases);
  add_group_norm(cases);
  add_pixel_losses(cases);
  add_frame_losses(cases);
  add_optimizers(cases);
  return cases;
}

}  // namespace nextframe::test
