#include <algorithm>
#include <array>
#include <initializer_list>
#include <numeric>
#include <optional>

#include "core/backend/specs.h"
#include "core/base/format.h"
#include "core/config/config.h"
#include "core/loss/loss.h"
#include "core/metrics/metric_table.h"

namespace nextframe {

namespace {

using Size = std::array<std::int64_t, 2>;
using List = std::vector<std::string>;

/// An option given that the chosen type does not have. Given is what differs from the default, which every effective
/// configuration spells out.
template <class T>
void expect_unused(const std::string& path, const T& got, const T& usual, std::string_view needs, List& problems) {
  if (got == usual) return;
  const std::string value = json::Value(got).dump(), none = json::Value(usual).dump();
  problems.push_back(
      format("{}: got {}, but nothing uses it without {}; leave it out, or at {}", path, value, needs, none));
}

/// The run folder is called so.
void check_name(const std::string& name, List& problems) {
  const bool plain = std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '/' || c == '\\' || byte < 0x20 || byte == 0x7f;
  });
  if (plain && name != "." && name != "..") return;
  problems.push_back(
      format("name: got {}, expected a folder's name: no separators, no control characters", json::Value(name).dump()));
}

/// The size that training frames have, where the configuration alone tells it.
std::optional<Size> frame_size(const DataOptions& data) {
  if (data.crop) return data.crop;
  if (data.size) return data.size;
  if (data.sources.size() == 1 && is_generated(data.sources[0].type)) return data.sources[0].size;
  return std::nullopt;
}

void check_glyphs(const std::string& path, const Size& range, List& problems) {
  const bool all = range[0] == 0 && range[1] == 0;
  if (!all && range[0] >= range[1]) {
    problems.push_back(
        format("{}: got [{}, {}], expected the first glyph and one past the last", path, range[0], range[1]));
  }
}

/// What only another type of source uses. The type "auto" is known once the path was looked at.
void check_source_type(const std::string& path, const SourceOptions& source, List& problems) {
  const bool takes_path = !is_generated(source.type) || shows_digits(source.type);
  if (!takes_path) expect_unused(path + ".path", source.path, std::string(), "recorded frames or digits", problems);
  if (source.type != SourceType::kOccludedDigits) {
    const std::string_view needs = "type \"occluded-digits\"";
    expect_unused(path + ".hidden", source.hidden, SourceOptions{}.hidden, needs, problems);
    expect_unused(path + ".forecast_from", source.forecast_from, SourceOptions{}.forecast_from, needs, problems);
  }
  if (source.type == SourceType::kRadar || source.type == SourceType::kAuto) return;
  expect_unused(path + ".product", source.product, std::string(), "type \"radar\"", problems);
  expect_unused(path + ".max_missing", source.max_missing, SourceOptions{}.max_missing, "type \"radar\"", problems);
}

/// Recorded frames tell whether they measure rain once they are opened.
void check_rain(const DataOptions& data, List& problems) {
  const bool generated = std::any_of(data.sources.begin(), data.sources.end(),
                                     [](const auto& source) { return is_generated(source.type); });
  if (!generated) return;
  if (data.rain.unit != RainUnit::kAuto && data.rain.unit != RainUnit::kSource) {
    problems.push_back(format("data.unit: got \"{}\", but generated frames do not measure rain; leave it out",
                              enum_name(data.rain.unit)));
  }
  RainOptions limits = data.rain;
  limits.unit = RainUnit::kAuto;
  if (!(limits == RainOptions{})) {
    problems.emplace_back("data.rain: generated frames do not measure rain; leave it out");
  }
}

void check_sources(const DataOptions& data, List& problems) {
  if (data.sources.empty()) problems.emplace_back("data.sources: got an empty list, expected at least one source");
  for (std::size_t i = 0; i < data.sources.size(); ++i) {
    const SourceOptions& source = data.sources[i];
    const std::string path = format("data.sources[{}]", i);
    if (!is_generated(source.type) && source.path.empty()) {
      problems.push_back(path + ".path: got \"\", expected a video, a folder or pattern of images, or an array");
    }
    check_source_type(path, source, problems);
    check_glyphs(path + ".train_glyphs", source.train_glyphs, problems);
    check_glyphs(path + ".validation_glyphs", source.validation_glyphs, problems);
    check_glyphs(path + ".test_glyphs", source.test_glyphs, problems);
  }
}

void check_input(const std::string& path, const InputOptions& input, List& problems) {
  if (input.name.empty() || input.name.find('=') != std::string::npos) {
    problems.push_back(format("{}.name: got \"{}\", expected a name without =", path, input.name));
  }
  if (input.path.empty()) problems.push_back(path + ".path: got \"\", expected files of radar, or a raster");
  if (input.type == InputType::kRaster) {
    expect_unused(path + ".product", input.product, std::string(), "type \"radar\"", problems);
  }
  const bool limits = input.floor && input.ceiling, moments = input.mean && input.deviation;
  const bool others = limits ? input.mean || input.deviation : input.floor || input.ceiling;
  if (limits == moments || others) {
    problems.push_back(path + ": expected floor and ceiling, or mean and deviation, by which its numbers are scaled");
  } else if (limits && !(*input.floor < *input.ceiling)) {
    problems.push_back(format("{}.ceiling: got {}, expected more than floor, {}", path, *input.ceiling, *input.floor));
  }
}

void check_inputs(const DataOptions& data, List& problems) {
  for (std::size_t i = 0; i < data.sources.size(); ++i) {
    if (data.sources[i].type == SourceType::kRaster) {
      problems.push_back(
          format("data.sources[{}].type: got \"raster\", which is one field; it goes into data.inputs", i));
    }
    if (!data.inputs.empty() && is_generated(data.sources[i].type)) {
      problems.push_back(format("data.inputs: go with radar, but data.sources[{}] is generated", i));
    }
  }
  for (std::size_t i = 0; i < data.inputs.size(); ++i) {
    check_input(format("data.inputs[{}]", i), data.inputs[i], problems);
    for (std::size_t k = 0; k < i; ++k) {
      if (data.inputs[k].name != data.inputs[i].name) continue;
      problems.push_back(format("data.inputs[{}].name: got \"{}\" a second time", i, data.inputs[i].name));
    }
  }
}

void check_sizes(const DataOptions& data, List& problems) {
  const std::optional<Size>& whole = data.size;
  if (data.crop && whole && ((*data.crop)[0] > (*whole)[0] || (*data.crop)[1] > (*whole)[1])) {
    problems.push_back(format("data.crop: got [{}, {}], larger than data.size [{}, {}]", (*data.crop)[0],
                              (*data.crop)[1], (*whole)[0], (*whole)[1]));
  }
  const bool turns = std::find(data.augment.begin(), data.augment.end(), Augmentation::kRot90) != data.augment.end();
  if (const std::optional<Size> size = frame_size(data); turns && size && (*size)[0] != (*size)[1]) {
    problems.push_back(format("data.augment: \"rot90\" needs square frames, got {} x {}; set data.crop to a square",
                              (*size)[0], (*size)[1]));
  }
}

void check_split(const SplitOptions& split, List& problems) {
  if (split.by == SplitBy::kPath) {
    if (split.train_paths.empty()) {
      problems.emplace_back(
          "data.split.train_paths: got an empty list, expected at least one pattern with by \"path\"");
    }
  } else {
    if (!(split.train > 0)) problems.emplace_back("data.split.train: got 0, expected a share above 0");
    if (!split.train_paths.empty() || !split.validation_paths.empty() || !split.test_paths.empty()) {
      problems.emplace_back("data.split: train_paths, validation_paths and test_paths go with by \"path\" only");
    }
  }
}

void check_sampling(const SamplingOptions& sampling, List& problems) {
  if (sampling.by == SamplingBy::kUniform && !(sampling == SamplingOptions{})) {
    problems.emplace_back("data.sampling: its other options go with by \"rain\" only");
  }
}

void check_normalisation(const NormaliseOptions& normalise, List& problems) {
  if (normalise.low && normalise.high && !(*normalise.low < *normalise.high)) {
    problems.push_back(
        format("data.normalise.high: got {}, expected more than low, {}", *normalise.high, *normalise.low));
  }
}

void check_rain_weights(const LossOptions& loss, List& problems) {
  const RainWeightOptions& rain = loss.rain_weights;
  if (!uses_rain_weights(loss)) {
    if (!(rain == RainWeightOptions{})) {
      problems.emplace_back(
          "train.loss.rain_weights: nothing uses them; give bmse or bmae a weight, or leave them out");
    }
    return;
  }
  if (rain.thresholds.empty() || rain.weights.size() != rain.thresholds.size() + 1) {
    problems.push_back(
        format("train.loss.rain_weights.weights: got {} weights and {} thresholds, expected at least one "
               "threshold and one weight more than thresholds",
               rain.weights.size(), rain.thresholds.size()));
  }
  if (!std::is_sorted(rain.thresholds.begin(), rain.thresholds.end())) {
    problems.emplace_back("train.loss.rain_weights.thresholds: expected them in increasing order");
  }
}

void check_loss(const Config& config, List& problems) {
  const LossOptions& loss = config.train.loss;
  const std::size_t weights = loss.lead_weights.size();
  if (weights != 0 && weights != static_cast<std::size_t>(config.data.horizon)) {
    problems.push_back(
        format("train.loss.lead_weights: got {} weights, expected one for each of data.horizon's {} frames", weights,
               config.data.horizon));
  }
  if (weights != 0 && std::accumulate(loss.lead_weights.begin(), loss.lead_weights.end(), 0.0) <= 0) {
    problems.emplace_back("train.loss.lead_weights: got nothing but 0, expected a weight above 0");
  }
  check_rain_weights(loss, problems);
  if (!(loss.huber > 0)) {
    expect_unused("train.loss.huber_delta", loss.huber_delta, LossOptions{}.huber_delta, "a weight of huber", problems);
  }
  if (const std::optional<Size> size = frame_size(config.data);
      loss.ssim > 0 && size && std::min((*size)[0], (*size)[1]) < kStructureWindow) {
    problems.push_back(format("train.loss.ssim: needs frames of at least {}x{} pixels, got {}x{}", kStructureWindow,
                              kStructureWindow, (*size)[1], (*size)[0]));
  }
  if (loss.bce > 0) {
    const std::vector<HeadOptions>& head = config.model.head;
    const bool sigmoid = !head.empty() && head.back().activation == Activation::kSigmoid;
    if (!sigmoid || config.model.predict != Predict::kFrame || config.data.normalise.by != NormaliseBy::kRange) {
      problems.emplace_back(
          "train.loss.bce: needs values from 0 to 1: a head that ends with activation \"sigmoid\", model.predict "
          "\"frame\" "
          "and data.normalise.by \"range\"");
    }
  }
}

void check_optimizer(const OptimizerOptions& optimizer, List& problems) {
  const OptimizerOptions usual;
  const OptimizerRule type = optimizer.type;
  const bool adam = type == OptimizerRule::kAdam || type == OptimizerRule::kAdamW;
  const auto expect = [&](bool used, std::string_view key, double OptimizerOptions::*value, std::string_view needs) {
    if (used) return;
    expect_unused(format("train.optimizer.{}", key), optimizer.*value, usual.*value, needs, problems);
  };
  expect(adam, "beta1", &OptimizerOptions::beta1, "type \"adam\" or \"adamw\"");
  expect(adam, "beta2", &OptimizerOptions::beta2, "type \"adam\" or \"adamw\"");
  expect(type == OptimizerRule::kRmsProp, "alpha", &OptimizerOptions::alpha, "type \"rmsprop\"");
  expect(type != OptimizerRule::kSgd, "epsilon", &OptimizerOptions::epsilon, "type \"adam\", \"adamw\" or \"rmsprop\"");
  expect(!adam, "momentum", &OptimizerOptions::momentum, "type \"rmsprop\" or \"sgd\"");
}

/// What only another schedule uses.
void check_schedule_type(const ScheduleOptions& schedule, List& problems) {
  const ScheduleOptions usual;
  const auto expect = [&](std::initializer_list<ScheduleType> users, std::string_view key, auto value,
                          std::string_view needs) {
    if (std::find(users.begin(), users.end(), schedule.type) != users.end()) return;
    expect_unused(format("train.schedule.{}", key), schedule.*value, usual.*value, needs, problems);
  };
  using Options = ScheduleOptions;
  using Type = ScheduleType;
  expect({Type::kStep}, "every", &Options::every, "type \"step\"");
  expect({Type::kStep, Type::kPlateau}, "factor", &Options::factor, "type \"step\" or \"plateau\"");
  expect({Type::kCosine}, "final_factor", &Options::final_factor, "type \"cosine\"");
  expect({Type::kOneCycle}, "pct_start", &Options::pct_start, "type \"onecycle\"");
  expect({Type::kOneCycle}, "div", &Options::div, "type \"onecycle\"");
  expect({Type::kOneCycle}, "final_div", &Options::final_div, "type \"onecycle\"");
  expect({Type::kPlateau}, "patience", &Options::patience, "type \"plateau\"");
  expect({Type::kPlateau}, "threshold", &Options::threshold, "type \"plateau\"");
  expect({Type::kPlateau}, "cooldown", &Options::cooldown, "type \"plateau\"");
  expect({Type::kPlateau}, "min_lr", &Options::min_lr, "type \"plateau\"");
}

void check_schedule(const TrainOptions& train, List& problems) {
  const ScheduleOptions& schedule = train.schedule;
  check_schedule_type(schedule, problems);
  if (schedule.warmup > 0 && schedule.warmup >= train.steps) {
    problems.push_back(
        format("train.schedule.warmup: got {} steps, expected fewer than train.steps, {}; a "
               "short run may do with train.schedule.warmup=0",
               schedule.warmup, train.steps));
  }
  if (schedule.warmup > 0 && schedule.type == ScheduleType::kOneCycle) {
    problems.emplace_back("train.schedule.warmup: \"onecycle\" warms up by itself; expected 0");
  }
  if (schedule.type == ScheduleType::kPlateau && train.validate_every == 0) {
    problems.emplace_back("train.schedule.type: \"plateau\" goes by validations, but train.validate_every is 0");
  }
}

void check_recomputation(const TrainOptions& train, Architecture architecture, List& problems) {
  if (architecture == Architecture::kStackPair && train.recompute != Recompute::kNone) {
    problems.emplace_back(
        "train.recompute: a \"stack-pair\" keeps everything; expected \"none\", or another model.architecture");
  }
  if (train.segment > 0 && train.recompute != Recompute::kSegments) {
    problems.push_back(format("train.segment: got {}, expected 0 or train.recompute \"segments\"", train.segment));
  }
}

/// What a network that feeds its output back cannot have, and what only it has.
void check_feedback(const Config& config, List& problems) {
  if (!feeds_back(config.model)) {
    if (!(config.train.scheduled_sampling == ScheduledSamplingOptions{})) {
      problems.emplace_back(
          "train.scheduled_sampling: only a stack gets its output fed back; leave it out, or use "
          "model.architecture \"stack\"");
    }
    return;
  }
  if (config.data.mask_channel) {
    problems.emplace_back(
        "data.mask_channel: got true with model.architecture \"stack\", which feeds back what it gives, expected "
        "false");
  }
  if (!config.train.loss.lead_weights.empty()) {
    problems.emplace_back(
        "train.loss.lead_weights: a stack learns from every next frame, those of the context too; leave them out");
  }
}

void check_best_metric(const TrainOptions& train, List& problems) {
  List names{"loss"};
  for (const MetricEntry& metric : kMetrics) {
    if (metric.ranks()) names.emplace_back(metric.name);
  }
  if (std::find(names.begin(), names.end(), train.best_metric) != names.end()) return;
  problems.push_back(format("train.best_metric: got \"{}\", expected a score or \"loss\"{}", train.best_metric,
                            json::suggestion(train.best_metric, names)));
}

}  // namespace

std::vector<std::string> find_problems(const Config& config) {
  const std::optional<Size> size = frame_size(config.data);
  List problems = find_problems(config.model, size ? (*size)[0] : 0, size ? (*size)[1] : 0);
  check_name(config.name, problems);
  check_sources(config.data, problems);
  check_inputs(config.data, problems);
  check_rain(config.data, problems);
  if (config.data.scene_cuts == SceneCuts::kIgnore) {
    expect_unused("data.scene_cut_threshold", config.data.scene_cut_threshold, DataOptions{}.scene_cut_threshold,
                  "scene_cuts \"avoid\"", problems);
  }
  check_sizes(config.data, problems);
  check_split(config.data.split, problems);
  check_sampling(config.data.sampling, problems);
  check_normalisation(config.data.normalise, problems);
  check_loss(config, problems);
  check_optimizer(config.train.optimizer, problems);
  check_schedule(config.train, problems);
  check_recomputation(config.train, config.model.architecture, problems);
  check_feedback(config, problems);
  check_best_metric(config.train, problems);
  return problems;
}

}  // namespace nextframe
