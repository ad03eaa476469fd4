#include "core/model/options.h"

#include <algorithm>

#include "core/base/format.h"

namespace nextframe {

namespace {

/// Beyond the largest frame that a configuration can ask for nothing is left to divide.
constexpr std::int64_t kLargestMultiple = 16384;

void expect_odd(std::vector<std::string>& problems, const std::string& path, int kernel) {
  if (kernel % 2 == 0) {
    problems.push_back(format("{}: got {}, expected an odd kernel, so that frames keep their size", path, kernel));
  }
}

void find_level_problems(const ModelOptions& options, std::size_t k, std::vector<std::string>& problems) {
  const LevelOptions& level = options.levels[k];
  const std::string path = format("model.levels[{}]", k);
  expect_odd(problems, path + ".kernel", level.kernel);
  expect_odd(problems, path + ".input_kernel", level.input_kernel);
  if (level.conv.stride == 1) expect_odd(problems, path + ".conv.kernel", level.conv.kernel);
  if (level.up.kernel > 0) {
    if (level.conv.stride == 1) expect_odd(problems, path + ".up.kernel", level.up.kernel);
    if (level.up.kernel < level.conv.stride) {
      problems.push_back(
          format("{}.up.kernel: got {} below the level's stride {}, which leaves holes; expected at least {}", path,
                 level.up.kernel, level.conv.stride, level.conv.stride));
    }
  }
  const bool back_to_frame = k == 0 && level.conv.stride == 1;
  if (back_to_frame && (level.up.kernel > 0 || level.up.channels > 0)) {
    problems.push_back(
        path + ".up: got an up convolution at a finest level of stride 1, where nothing would use it; leave it out");
  }
}

/// What an encoder-forecaster has and stacks do not.
void find_stack_problems(const ModelOptions& options, std::vector<std::string>& problems) {
  if (options.architecture == Architecture::kEncoderForecaster) return;
  const std::string with = format("with model.architecture \"{}\"", feeds_back(options) ? "stack" : "stack-pair");
  for (std::size_t k = 0; k < options.levels.size(); ++k) {
    const std::string path = format("model.levels[{}]", k);
    if (!(options.levels[k].conv == LevelConvolutionOptions{})) {
      problems.push_back(path +
                         ".conv: the layers of a stack stand upon each other without one, all as large as the frame; "
                         "leave it out, or use model.patch for smaller frames");
    }
    if (!(options.levels[k].up == LevelUpOptions{})) {
      problems.push_back(path + ".up: a stack goes back to the frame by its head alone; leave it out");
    }
  }
  if (options.predict == Predict::kChange) {
    problems.push_back(format("model.predict: got \"change\" {}, expected \"frame\"", with));
  }
  if (options.guide != Guidance::kNone) problems.push_back(format("model.guide: got one {}, expected \"none\"", with));
  if (options.coordinates && feeds_back(options)) {
    problems.push_back(format("model.coordinates: got true {}, which feeds back what it gives, expected false", with));
  }
}

void find_st_lstm_problems(const ModelOptions& options, std::vector<std::string>& problems) {
  if (options.architecture != Architecture::kStack) {
    problems.emplace_back(
        "model.cell: got \"stlstm\", whose memory goes from layer to layer, in an encoder-forecaster; expected "
        "model.architecture \"stack\"");
  }
  if (options.peephole) problems.emplace_back("model.peephole: got true with cell \"stlstm\", expected false");
  if (options.norm != Norm::kNone) {
    problems.emplace_back("model.norm: got \"group\" with cell \"stlstm\", expected \"none\"");
  }
  for (std::size_t k = 1; k < options.levels.size(); ++k) {
    if (options.levels[k].hidden == options.levels[0].hidden) continue;
    problems.push_back(
        format("model.levels[{}].hidden: got {} with cell \"stlstm\", expected {} as in the lowest layer: the "
               "memory goes through all of them",
               k, options.levels[k].hidden, options.levels[0].hidden));
  }
}

void find_cell_problems(const ModelOptions& options, std::vector<std::string>& problems) {
  const bool trajectories = options.cell == CellKind::kTrajGru;
  const bool gru = options.cell == CellKind::kConvGru || trajectories;
  const std::string_view name = trajectories ? "trajgru" : "convgru";
  if (options.cell == CellKind::kStLstm) find_st_lstm_problems(options, problems);
  if (gru && options.peephole) {
    problems.push_back(format("model.peephole: got true with cell \"{}\", expected false or cell \"convlstm\"", name));
  }
  if (trajectories && options.reset == Reset::kBefore) {
    problems.emplace_back("model.reset: a trajgru resets after, expected \"after\" or cell \"convgru\"");
  }
  if (!trajectories && options.links != ModelOptions{}.links) {
    problems.push_back(format("model.links: got {}, but only a trajgru has any; leave it out", options.links));
  }
  if (gru && options.norm == Norm::kGroup && options.reset == Reset::kAfter) {
    problems.emplace_back(
        trajectories ? "model.norm: got \"group\" with cell \"trajgru\", expected \"none\""
                     : "model.norm: got \"group\" with reset \"after\", expected \"none\" or reset \"before\"");
  }
  if (!gru && options.reset != ModelOptions{}.reset) {
    problems.emplace_back("model.reset: only a convgru has a reset gate; leave it out, or use cell \"convgru\"");
  }
  if (!gru && options.activation != ModelOptions{}.activation) {
    problems.emplace_back(
        "model.activation: it is always tanh but in a convgru; leave it out, or use cell \"convgru\"");
  }
  const bool starts_from_bias = options.cell == CellKind::kConvLstm && options.gate_bias;
  if (options.forget_bias != ModelOptions{}.forget_bias && !starts_from_bias && options.cell != CellKind::kStLstm) {
    problems.push_back(format("model.forget_bias: got {}, but {}; leave it out", options.forget_bias,
                              gru ? format("a {} has no forget gate", name) : "without model.gate_bias there is none"));
  }
  const bool own_bias = options.hidden_bias == HiddenBias::kCandidate || options.hidden_bias == HiddenBias::kAll;
  if (own_bias && (!gru || options.reset == Reset::kBefore)) {
    problems.emplace_back(
        "model.hidden_bias: only a convgru with reset \"after\" has one beside the input bias; expected \"auto\" or "
        "\"none\"");
  }
  if (gru && (options.activation == Activation::kNone || options.activation == Activation::kSigmoid)) {
    problems.emplace_back("model.activation: expected \"tanh\", \"leaky\" or \"relu\"");
  }
}

void find_head_problems(const ModelOptions& options, std::vector<std::string>& problems) {
  if (options.head.empty()) problems.emplace_back("model.head: got an empty list, expected at least one convolution");
  for (std::size_t j = 0; j < options.head.size(); ++j) {
    const std::string path = format("model.head[{}]", j);
    expect_odd(problems, path + ".kernel", options.head[j].kernel);
    const bool last = j + 1 == options.head.size();
    if (!last && options.head[j].channels == 0) {
      problems.push_back(path + ".channels: expected at least 1; only the last convolution takes the frame's channels");
    }
    if (last && options.head[j].channels != 0) {
      problems.push_back(path + ".channels: the last convolution gives the frame's channels by itself; leave it out");
    }
  }
}

void find_guide_problems(const ModelOptions& options, std::vector<std::string>& problems) {
  if (options.guide == Guidance::kNone) {
    if (!(options.flow == FlowOptions{})) {
      problems.emplace_back("model.flow: nothing uses it; set model.guide to \"extrapolation\", or leave it out");
    }
    return;
  }
  if (options.predict == Predict::kChange) {
    problems.emplace_back(
        "model.predict: got \"change\" with a model.guide, from which the change is predicted already");
  }
  if (!options.head.empty() && options.head.back().activation.value_or(Activation::kNone) != Activation::kNone) {
    problems.emplace_back(
        "model.head: its last activation is beside a model.guide, expected none: what is predicted departs either way");
  }
}

}  // namespace

bool feeds_back(const ModelOptions& options) { return options.architecture == Architecture::kStack; }

std::int64_t size_multiple(const ModelOptions& options) {
  std::int64_t multiple = options.patch;
  // Held above every frame size: the product of many strides would not fit.
  for (const LevelOptions& level : options.levels)
    multiple = std::min(multiple * level.conv.stride, 2 * kLargestMultiple);
  return multiple;
}

std::vector<std::string> find_problems(const ModelOptions& options, std::int64_t height, std::int64_t width) {
  std::vector<std::string> problems;
  find_stack_problems(options, problems);
  find_cell_problems(options, problems);
  if (options.levels.empty()) problems.emplace_back("model.levels: got an empty list, expected at least one level");
  for (std::size_t k = 0; k < options.levels.size(); ++k) find_level_problems(options, k, problems);
  find_head_problems(options, problems);
  find_guide_problems(options, problems);
  const std::int64_t multiple = size_multiple(options);
  if (multiple > kLargestMultiple) {
    problems.push_back(
        format("model.levels: patch and strides divide frames by more than {}; use fewer levels or smaller strides",
               kLargestMultiple));
  } else if (height > 0 && width > 0 && (multiple > height || multiple > width)) {
    problems.push_back(
        format("model.levels: patch and strides divide frames by {}, more than the {}x{} pixels that they have; use "
               "fewer levels "
               "or smaller strides",
               multiple, width, height));
  }
  return problems;
}

}  // namespace nextframe
