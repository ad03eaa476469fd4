#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/command.h"
#include "app/commands/run_support.h"
#include "app/output.h"
#include "app/shipped_files.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/json/fields.h"
#include "core/trade/model_import.h"

namespace nextframe::app {
namespace {

namespace fs = std::filesystem;

struct ImportArguments {
  std::string weights;
  std::string map;
  std::optional<std::string> output;
  std::optional<std::string> config;
  std::vector<std::string> overrides;
  bool overwrite = false;
};

constexpr std::string_view kMappings = "configs/import";

/// The mappings that came with the program, by name.
std::vector<std::string> mapping_names() {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(find_shipped(std::string(kMappings)), error)) {
    if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

/// A file, or a name among those that came with the program.
fs::path mapping_path(const std::string& map) {
  if (map.empty()) {
    reject("[import] --map is needed: a mapping's name ({}), or a .json file, see docs/import.md",
           join(mapping_names(), ", "));
  }
  std::error_code error;
  if (fs::path(map).extension() == ".json") {
    if (!fs::exists(map, error)) reject("[import] --map {}: there is no such file", map);
    return map;
  }
  const std::string path = find_shipped(format("{}/{}.json", kMappings, map));
  if (!fs::exists(path, error)) {
    const std::vector<std::string> names = mapping_names();
    reject("[import] --map {}: there is no such mapping{}", map,
           names.empty() ? format(" in {}; give the path of a .json file", kMappings) : json::suggestion(map, names));
  }
  return path;
}

class ImportCommand : public Command {
 public:
  std::string name() const override { return "import"; }
  std::string summary() const override { return "make a model of weights that another program trained"; }

  void declare(CommandSpec& spec) override {
    spec.about(
        "Reads weights of another program by a mapping, a small file that says which of its tensors make which of "
        "ours, and "
        "writes a model file as any. Every value on both sides is accounted for: what is left over is listed, and "
        "nothing is "
        "written.");
    spec.positional("WEIGHTS", arguments_.weights,
                    "a .safetensors file; docs/import.md says how to make one of .pt and .h5");
    spec.group("Options");
    spec.option("--map", "NAME|FILE", arguments_.map,
                "the mapping: one of configs/import, or a .json file of your own");
    spec.option("-o,--output", "MODEL", arguments_.output, "where to, a .safetensors file");
    spec.flag("--overwrite", arguments_.overwrite, "replace an output that exists");
    spec.option("--config", "CONFIG", arguments_.config,
                "a configuration whose frames and training are the model's, in place of the mapping's");
    spec.option("--set", "KEY=VALUE", arguments_.overrides,
                "change a key of the model's configuration, such as data.normalise.high=255; may be given many times");
    spec.example("nextframe import checkpoint.safetensors --map jhhuang96-convlstm -o mnist.safetensors",
                 "a Moving MNIST network that PyTorch trained");
    spec.example(
        "nextframe import rain.safetensors --map mine.json --config configs/radar-knmi.json -o rain-model.safetensors",
        "by a mapping of one's own, for frames as a configuration has them");
  }

  int run(StderrLog& log) override {
    const ImportRequest request{.weights = arguments_.weights,
                                .mapping = mapping_path(arguments_.map),
                                .config = arguments_.config,
                                .overrides = arguments_.overrides};
    const fs::path output = checked_output();
    const ImportedModel imported = import_model(request);
    write_model_file(output.string(), imported.file);
    std::int64_t values = 0;
    for (const NamedTensor& tensor : imported.file.tensors) values += std::ssize(tensor.values);
    for (const DroppedWeights& dropped : imported.dropped) {
      log.info("left out {} values of {}: {}", dropped.values, dropped.name, dropped.because);
    }
    const FrameFormat& frames = imported.file.frames;
    log.info("frames of {} channel{}, {:g} to {:g}, are {:g} to {:g} to the network", frames.output_channels,
             frames.output_channels == 1 ? "" : "s", frames.low, frames.high,
             frames.normalisation.to_network(static_cast<float>(frames.low)),
             frames.normalisation.to_network(static_cast<float>(frames.high)));
    log.info("wrote {}: {} parameters, from {}", output.string(), with_thousands(static_cast<double>(values)),
             imported.mapping.title.empty() ? imported.mapping.name : imported.mapping.title);
    return 0;
  }

 private:
  fs::path checked_output() const {
    if (!arguments_.output) reject("[import] -o is needed: the model file to write, such as model.safetensors");
    const fs::path output = *arguments_.output;
    if (output.extension() != ".safetensors") {
      reject("[import] {}: expected a name that ends in .safetensors, as model files do", output.string());
    }
    std::error_code error;
    if (fs::equivalent(output, arguments_.weights, error)) {
      reject("[import] {} is the file to be read; give another name with -o", output.string());
    }
    if (!arguments_.overwrite && fs::exists(output, error)) {
      reject("[import] {} exists; give another name with -o, or --overwrite to replace it", output.string());
    }
    return output;
  }

  ImportArguments arguments_;
};

}  // namespace

std::unique_ptr<Command> make_import_command() { return std::make_unique<ImportCommand>(); }

}  // namespace nextframe::app
