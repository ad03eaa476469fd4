#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/trade/onnx_export.h"
#include "core/trade/onnx_graph.h"
#include "core/train/trained_model.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

struct ExportArguments {
  std::string model;
  std::optional<std::string> output;
  std::optional<std::int64_t> context;
  std::optional<std::int64_t> frames;
  std::int64_t opset = OnnxGraph::kLowestOpset;
  std::optional<std::int64_t> batch;
  std::optional<std::string> size;
  bool overwrite = false;
};

constexpr WholeRange kLengths{1, 1000};

/// What the network's numbers are, for who makes the input.
std::string numbers_of(const FrameFormat& frames) {
  const Normalisation& normalisation = frames.normalisation;
  if (normalisation.offset == 0 && normalisation.scale == 1) return "the frames' own values";
  const std::string offset = normalisation.offset == 0 ? "value" : format("(value - {:g})", normalisation.offset);
  return normalisation.scale == 1 ? offset : format("{} / {:g}", offset, normalisation.scale);
}

class ExportCommand : public Command {
 public:
  std::string name() const override { return "export"; }
  std::string summary() const override { return "write a model as ONNX, for other programs"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Writes the network, unrolled over all its frames, as an ONNX file of standard operators: `frames` [N,T,C,H,W] "
        "in, "
        "`forecast` [N,T,C,H,W] out, both in the network's numbers, which the last line and the file's metadata say "
        "how "
        "to get. N, H and W may be anything, unless --batch and --size say what they are.");
    spec.positional("MODEL", arguments_.model, "a .safetensors file, or a run folder");
    spec.group("Output");
    spec.option("-o,--output", "FILE", arguments_.output, "where to, an .onnx (default: named like the model)");
    spec.flag("--overwrite", arguments_.overwrite, "replace an output that exists");
    spec.group("Network");
    spec.option("--context", "T", arguments_.context, kLengths, "frames that go in (default: as trained)");
    spec.option("--frames", "N", arguments_.frames, kLengths, "frames that come out (default: as trained)");
    spec.option("--opset", "N", arguments_.opset, {1, 1000},
                format("operator set, {} to {} (default {})", OnnxGraph::kLowestOpset, OnnxGraph::kHighestOpset,
                       OnnxGraph::kLowestOpset));
    spec.option("--size", "HxW", arguments_.size,
                "height and width of the frames, for a runtime that has to know (OpenCV's dnn)");
    spec.option("--batch", "N", arguments_.batch, {1, 4096}, "sequences at once, likewise");
    spec.example("nextframe export runs/holiday -o holiday.onnx", "as trained, for frames of any size");
    spec.example("nextframe export data/moving-digits.safetensors --context 8 --frames 4 -o digits.onnx",
                 "8 frames in, 4 out");
    spec.example("nextframe export data/moving-digits.safetensors --size 64x64 --batch 1 -o small.onnx",
                 "for a runtime without free sizes");
  }

  int run(StderrLog& log) override {
    const std::unique_ptr<Backend> backend = make_backend({.device = Device::kCpu, .threads = 1});
    TrainedModel model = load_model(*backend, arguments_.model, Precision::kFloat32);
    const fs::path output =
        arguments_.output ? fs::path(*arguments_.output) : fs::path(model.path).filename().replace_extension(".onnx");
    if (output.extension() != ".onnx") {
      reject("[export] {}: expected a name that ends in .onnx, the one format that is written", output.string());
    }
    std::error_code error;
    if (!arguments_.overwrite && fs::exists(output, error)) {
      reject("[export] {} exists; give another name with -o, or --overwrite to replace it", output.string());
    }
    const OnnxOptions options = options_for(model);
    const std::string file =
        export_onnx({model.options, model.network->parameters(), model.file.frames}, options, metadata_of(model));
    write_file_atomically(output, file);
    const std::string free = options.batch && options.size ? "" : "; other lengths are free";
    log.info("wrote {}: {} frames in, {} out, opset {}, {}{}", output.string(), options.context, options.frames,
             options.opset, format_bytes(static_cast<double>(file.size())), free);
    log.info("the numbers that go in and come out are {} ({})", numbers_of(model.file.frames), model.file.frames.units);
    return 0;
  }

 private:
  OnnxOptions options_for(const TrainedModel& model) const {
    OnnxOptions options;
    options.context = arguments_.context.value_or(model.data.context);
    options.frames = arguments_.frames.value_or(model.data.horizon);
    options.opset = arguments_.opset;
    options.batch = arguments_.batch;
    if (arguments_.size) options.size = parse_size("--size", *arguments_.size, {1, 16384});
    return options;
  }

  static std::map<std::string, std::string> metadata_of(const TrainedModel& model) {
    std::map<std::string, std::string> metadata{{"nextframe.version", model.file.version}};
    const json::Value* name = model.file.config.find("name");
    if (name != nullptr && name->is_string()) metadata["name"] = name->get<std::string>("name");
    return metadata;
  }

  ExportArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_export_command() { return std::make_unique<ExportCommand>(); }

}  // namespace nextframe::app
