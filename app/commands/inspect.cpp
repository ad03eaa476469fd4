#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/bench/bench_config.h"
#include "app/bench/plan.h"
#include "app/commands/command.h"
#include "app/commands/inspect_radar.h"
#include "app/commands/run_support.h"
#include "app/commands/training_plan.h"
#include "app/output.h"
#include "core/backend/counting/counting_backend.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/config.h"
#include "core/frames/media_sources.h"
#include "core/train/run_folder.h"
#include "core/train/trained_model.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

struct InspectArguments {
  std::optional<std::string> target;
  std::vector<std::string> overrides;
  std::string product;
  ArrayLayout layout = ArrayLayout::kAuto;
  std::optional<std::string> plot;
  bool overwrite = false;
  bool schema = false;
  bool json = false;
  ComputeArguments compute;
  MemoryArguments memory;
};

json::Value parameter_list(Network& network) {
  json::Value list = json::Value::array();
  for (const Parameter& parameter : network.parameters().entries()) {
    json::Value shape = json::Value::array();
    for (int axis = 0; axis < parameter.value.shape().rank(); ++axis) shape.push_back(parameter.value.dimension(axis));
    json::Value row = json::Value::object();
    row.set("name", parameter.declaration.name);
    row.set("shape", std::move(shape));
    row.set("elements", parameter.value.elements());
    list.push_back(std::move(row));
  }
  return list;
}

std::string parameter_table(Network& network) {
  std::vector<std::vector<std::string>> rows{{"parameter", "shape", "elements"}};
  for (const Parameter& parameter : network.parameters().entries()) {
    std::vector<std::string> sides;
    for (int axis = 0; axis < parameter.value.shape().rank(); ++axis) {
      sides.push_back(std::to_string(parameter.value.dimension(axis)));
    }
    rows.push_back({parameter.declaration.name, join(sides, "x"),
                    with_thousands(static_cast<double>(parameter.value.elements()))});
  }
  rows.push_back({"all", "", with_thousands(static_cast<double>(network.parameters().elements()))});
  return aligned_table(rows);
}

json::Value clip_list(const DataSet& data) {
  json::Value list = json::Value::array();
  for (const ClipSummary& clip : data.clips()) {
    json::Value row = json::Value::object();
    row.set("name", clip.name);
    row.set("frames", clip.frames);
    row.set("height", clip.height);
    row.set("width", clip.width);
    row.set("channels", clip.channels);
    row.set("frames_per_second", clip.frames_per_second);
    json::Value cuts = json::Value::array();
    for (const std::int64_t cut : clip.cuts) cuts.push_back(cut);
    row.set("cuts", std::move(cuts));
    json::Value windows = json::Value::object();
    for (const Split split : kSplits) windows.set(enum_name(split), clip.windows[static_cast<std::size_t>(split)]);
    row.set("windows", std::move(windows));
    list.push_back(std::move(row));
  }
  return list;
}

json::Value window_counts(const DataSet& data) {
  json::Value windows = json::Value::object();
  for (const Split split : kSplits) {
    const std::int64_t count = data.window_count(split);
    windows.set(enum_name(split), count == DataSet::kEndless ? json::Value("endless") : json::Value(count));
  }
  return windows;
}

std::string data_text(const DataSet& data) {
  std::string out;
  if (!data.clips().empty()) {
    std::vector<std::vector<std::string>> rows{
        {"clip", "frames", "size", "frames/s", "cuts", "train", "validation", "test"}};
    for (const ClipSummary& clip : data.clips()) {
      rows.push_back({clip.name, std::to_string(clip.frames),
                      format("{}x{}x{}", clip.height, clip.width, clip.channels),
                      clip.frames_per_second > 0 ? format("{:.4g}", clip.frames_per_second) : "-",
                      std::to_string(clip.cuts.size()), std::to_string(clip.windows[0]),
                      std::to_string(clip.windows[1]), std::to_string(clip.windows[2])});
    }
    out += aligned_table(rows) + "\n";
  }
  std::vector<std::string> parts;
  for (const Split split : kSplits) {
    const std::int64_t count = data.window_count(split);
    parts.push_back((count == DataSet::kEndless ? std::string("endless") : std::to_string(count)) + " " +
                    enum_name(split));
  }
  return out + format("frames {}x{}x{}, sequences of {} + {}: {}\n", data.crop_height(), data.crop_width(),
                      data.channels(), data.options().context, data.options().horizon, join(parts, ", "));
}

std::string operations_text(const Plan& plan) {
  return format(
      "operations of a training step: {:.3g} GFLOP (forward {:.3g}, backward {:.3g}, update {:.2g}); forecast {:.3g}\n",
      plan.step_operations() / 1e9, plan.forward_operations / 1e9, plan.backward_operations / 1e9,
      plan.update_operations / 1e9, plan.forecast_operations / 1e9);
}

json::Value plan_json(const Plan& plan, const MemoryPlans& memory) {
  json::Value out = json::Value::object();
  out.set("parameters", plan.parameters);
  out.set("step_operations", plan.step_operations());
  out.set("forward_operations", plan.forward_operations);
  out.set("backward_operations", plan.backward_operations);
  out.set("update_operations", plan.update_operations);
  out.set("forecast_operations", plan.forecast_operations);
  out.set("memory", memory_json(memory));
  return out;
}

class InspectCommand : public Command {
 public:
  std::string name() const override { return "inspect"; }
  std::string summary() const override { return "show what a configuration, a model or an input holds and needs"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Of a configuration: its parameters, the operations and the memory of a training step, and the frames found. "
        "Of a model: "
        "its parameters and how it was trained. Of anything else: the frames that can be read from it.");
    spec.positional("TARGET", arguments_.target,
                    "a configuration (.json), a model or run folder, or an input as in forecast");
    spec.group("Options");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of the configuration; may be given many times");
    spec.option(
        "--product", "NAME", arguments_.product,
        "what radar files are: a row of the table of products, or a .json file with one (default: found by their "
        "names and contents)");
    declare_layout(spec, arguments_.layout);
    spec.option("--plot", "FILE", arguments_.plot,
                "of radar: draw the field with the most rain and the share of rain over time, as png");
    spec.flag("--overwrite", arguments_.overwrite, "replace a plot that exists");
    spec.flag("--schema", arguments_.schema, "print the JSON schema of configurations, for editors");
    spec.flag("--json", arguments_.json, "print one JSON document");
    arguments_.compute.declare(spec);
    arguments_.memory.declare(spec);
    spec.example("nextframe inspect configs/video.json --set data.sources.0.path=holiday.mp4",
                 "does it fit into memory, and how many windows are there?");
    spec.example("nextframe inspect runs/holiday --json", "the model of a run, for a script");
    spec.example("nextframe inspect 'archive/RAD_NL25_RAP_5min_%Y%m%d%H%M.h5' --plot rain.png",
                 "what a folder of radar files holds: period, gaps, grid, projection, rain");
    spec.example("nextframe inspect --schema > schema.json", "completion in editors");
  }

  int run(StderrLog& log) override {
    if (arguments_.schema) {
      if (arguments_.target) reject("[inspect] --schema takes no target");
      refuse({}, "--schema takes");
      print_json(config_schema());
      return 0;
    }
    if (!arguments_.target) reject("[inspect] a target is needed: a configuration, a model or an input");
    if (arguments_.overwrite && !arguments_.plot) reject("[inspect] --overwrite: for --plot only");
    if (arguments_.plot) {
      check_output_file(*arguments_.plot, arguments_.overwrite ? IfExists::kReplace : IfExists::kRefuse,
                        {*arguments_.target});
    }
    const InterruptGuard guard;
    const fs::path path = *arguments_.target;
    std::error_code error;
    if (path.extension() == ".json") {
      refuse({.set = true, .plot = true, .memory_limit = true},
             format("{} is a configuration, for which there is", path.string()));
      inspect_config(guard, log);
    } else if (path.extension() == ".safetensors" || fs::exists(path / "config.json", error)) {
      refuse({}, format("{} is a model, for which there is", path.string()));
      inspect_model();
    } else {
      refuse({.product = true, .layout = true, .plot = true},
             format("{} is an input, for which there is", path.string()));
      inspect_input(guard, log);
    }
    return 0;
  }

 private:
  /// The options that a kind of target has.
  struct Takes {
    bool set = false;
    bool product = false;
    bool layout = false;
    bool plot = false;
    bool memory_limit = false;
  };

  /// Rejects the options given that `takes` lacks; `of` begins "... no --set".
  void refuse(const Takes& takes, const std::string& of) const {
    const std::string given = given_among({{"--set", !arguments_.overrides.empty() && !takes.set},
                                           {"--product", !arguments_.product.empty() && !takes.product},
                                           {"--layout", arguments_.layout != ArrayLayout::kAuto && !takes.layout},
                                           {"--plot", arguments_.plot.has_value() && !takes.plot},
                                           {"--memory-limit", arguments_.memory.limit && !takes.memory_limit}});
    if (!given.empty()) reject("[inspect] {} no {}", of, given);
  }

  void show(const json::Value& document, const std::string& text) const {
    if (arguments_.json) {
      print_json(document);
    } else {
      print_result(text);
    }
  }

  void inspect_config(const InterruptGuard& guard, StderrLog& log) const {
    std::vector<std::string> overrides = arguments_.overrides;
    arguments_.compute.add_override(overrides);
    const Config config = load_config(*arguments_.target, overrides);
    DecodeDisplay display(guard);
    const DataSet data(config.data, media_sources(), log, display.observer());
    const Plan plan = make_plan(workload_of(config, data.crop_height(), data.crop_width(), data.channels()));
    const std::unique_ptr<Backend> backend = arguments_.compute.make();
    const MemoryPlans memory = plan_memory(config, data, *backend, arguments_.memory.bytes());
    CountingBackend counting;
    const NetworkChannels channels = channels_of(frame_format_of(data, config.model));
    const std::unique_ptr<Network> network =
        make_network(counting, DType::kFloat32, config.model, channels.input(), channels.frame);
    json::Value document = json::Value::object();
    document.set("kind", "configuration");
    document.set("name", config.name);
    document.set("plan", plan_json(plan, memory));
    document.set("parameters", parameter_list(*network));
    json::Value frames = json::Value::object();
    frames.set("height", data.crop_height());
    frames.set("width", data.crop_width());
    frames.set("channels", data.channels());
    frames.set("windows", window_counts(data));
    frames.set("clips", clip_list(data));
    document.set("frames", std::move(frames));
    std::string text = config.name + "\n\n" + parameter_table(*network) + "\n" + operations_text(plan) + "\n" +
                       memory_text(memory) + "\n" + data_text(data);
    if (arguments_.plot && !holds_rain(data)) reject("[inspect] --plot: {} is not about radar", *arguments_.target);
    if (holds_rain(data)) {
      json::Value list = json::Value::array();
      for (std::int64_t clip = 0; clip < std::ssize(data.clips()); ++clip) {
        const RadarReport report = survey_radar(data, clip, [&](std::int64_t) { stop_if_interrupted(guard); });
        list.push_back(radar_json(report));
        text += "\n" + radar_text(report);
        if (arguments_.plot && clip == 0) plot_radar(*arguments_.plot, report);
      }
      document.set("radar", std::move(list));
    }
    document.set("config", config_to_json(config));
    show(document, text);
  }

  void inspect_model() const {
    CountingBackend counting;
    TrainedModel model = load_model(counting, *arguments_.target);
    const FrameFormat& frames = model.file.frames;
    json::Value document = json::Value::object();
    document.set("kind", "model");
    document.set("path", model.path);
    document.set("parameters", parameter_list(*model.network));
    document.set("frames", options_to_json(frames));
    document.set("training", model.file.training);
    document.set("config", model.file.config);
    std::string text = format("{}, written by nextframe {}\n\n", model.path, model.file.version);
    text += parameter_table(*model.network) + "\n";
    text += format("forecasts {} frames after {}; frames of {} channel{}{}, values {} to {}\n", model.data.horizon,
                   model.data.context, frames.input_channels, frames.input_channels == 1 ? "" : "s",
                   frames.size ? format(", trained at {}x{}", (*frames.size)[0], (*frames.size)[1]) : "", frames.low,
                   frames.high);
    text += "training: " + model.file.training.dump() + "\n";
    show(document, text);
  }

  void inspect_input(const InterruptGuard& guard, StderrLog& log) const {
    SourceOptions options;
    options.path = *arguments_.target;
    options.layout = arguments_.layout;
    options.product = arguments_.product;
    if (!options.product.empty()) options.type = SourceType::kRadar;
    json::Value list = json::Value::array();
    std::string reports;
    std::vector<std::vector<std::string>> rows{{"clip", "frames", "size", "frames/s", "seconds", "values"}};
    std::int64_t read = 0;
    std::optional<Progress> progress;
    const std::vector<ClipReference> clips = list_clips(media_sources(), options);
    report_reading(clips, log);
    for (const ClipReference& clip : clips) {
      const std::unique_ptr<FrameSource> source = clip.open();
      const SourceInfo info = source->info();
      std::int64_t frames = 0;
      if (!progress && !info.live) progress.emplace(Progress::Options{.label = "read", .unit = "frame"});
      if (info.measurement.quantity != Quantity::kNone) {
        const RadarReport report = survey_radar(*source, [&](std::int64_t) {
          stop_if_interrupted(guard);
          progress->update(++read, clip.name);
        });
        if (arguments_.plot && reports.empty()) plot_radar(*arguments_.plot, report);
        list.push_back(radar_json(report));
        reports += (reports.empty() ? "" : "\n") + radar_text(report);
        continue;
      }
      if (!info.live) {
        Frame frame;
        for (; source->next(frame); ++frames) {
          stop_if_interrupted(guard);
          progress->update(++read, clip.name);
        }
        for (const std::string& note : source->info().notes) log.warning("{}", note);
      }
      const double rate = info.frames_per_second;
      json::Value row = json::Value::object();
      row.set("name", clip.name);
      row.set("frames", info.live ? json::Value() : json::Value(frames));
      row.set("height", info.height);
      row.set("width", info.width);
      row.set("channels", info.channels);
      row.set("frames_per_second", rate);
      row.set("live", info.live);
      row.set("low", info.low);
      row.set("high", info.high);
      list.push_back(std::move(row));
      rows.push_back({clip.name, info.live ? "live" : std::to_string(frames),
                      format("{}x{}x{}", info.height, info.width, info.channels),
                      rate > 0 ? format("{:.4g}", rate) : "-",
                      rate > 0 && !info.live ? format("{:.2f}", static_cast<double>(frames) / rate) : "-",
                      format("{:g} to {:g}", info.low, info.high)});
    }
    progress.reset();
    json::Value document = json::Value::object();
    document.set("kind", "input");
    document.set("clips", std::move(list));
    if (arguments_.plot && reports.empty()) reject("[inspect] --plot: {} is no radar", *arguments_.target);
    show(document, (rows.size() > 1 ? aligned_table(rows) : "") + reports);
  }

  InspectArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_inspect_command() { return std::make_unique<InspectCommand>(); }

}  // namespace nextframe::app
