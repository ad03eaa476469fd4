#include "core/train/trained_model.h"

#include <algorithm>

#include "core/backend/counting/counting_backend.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/frames/input_fields.h"
#include "core/frames/path_list.h"
#include "core/json/fields.h"
#include "core/train/run_folder.h"

namespace nextframe {
namespace {

/// The values that frames can take, as their type and the normalisation say.
void set_value_range(const DataSet& data, FrameFormat& frames) {
  const NormaliseOptions& normalise = data.options().normalise;
  if (normalise.by == NormaliseBy::kRange) {
    frames.low = data.normalisation().offset;
    frames.high = data.normalisation().offset + data.normalisation().scale;
    return;
  }
  if (data.rain_scale()) {
    if (normalise.low || normalise.high) {
      reject(
          "[data.normalise] low and high: data.rain.floor and data.rain.ceiling say what rain can be; leave them out, "
          "or "
          "use by \"range\"");
    }
    frames.low = data.rain_scale()->low();
    frames.high = data.rain_scale()->high();
    return;
  }
  PixelType type = PixelType::kFloat32;
  if (!data.clips().empty()) type = data.clips().front().pixel_type;
  frames.low = normalise.low.value_or(0);
  frames.high = normalise.high.value_or(type == PixelType::kUint8 ? 255 : type == PixelType::kUint16 ? 65535 : 1);
  if (!(frames.low < frames.high)) {
    reject(
        "[data.normalise] low is {} and high {}, as far as they are not given by the pixels' type; expected low below "
        "high",
        frames.low, frames.high);
  }
}

std::string describe(const NamedTensor& tensor) { return format("{} {}", tensor.name, to_string(tensor.shape)); }

/// The section of a configuration as options; a file without it means the defaults.
template <class T>
T section(const json::Value& config, std::string_view key, const std::string& name) {
  const json::Value* object = config.find(key);
  if (object == nullptr) reject("{}: its configuration has no \"{}\"", name, key);
  return options_from_json<T>(*object, format("{}: its configuration's \"{}\"", name, key));
}

/// "auto" where a model was trained in bf16: another machine may have to emulate that. Files of other origin need not tell.
Precision trained_precision(const json::Value& config) {
  const json::Value* train = config.find("train");
  const json::Value* precision = train != nullptr ? train->find("precision") : nullptr;
  return precision == nullptr || *precision == json::Value("float32") ? Precision::kFloat32 : Precision::kAuto;
}

}  // namespace

FrameFormat frame_format_of(const DataSet& data, const ModelOptions& model) {
  FrameFormat frames;
  frames.output_channels = data.channels();
  frames.size = data.options().size;
  frames.channels = data.options().channels;
  frames.mask_channel = data.options().mask_channel;
  frames.field_channels = data.inputs() != nullptr ? data.inputs()->channels() : 0;
  frames.coordinates = model.coordinates;
  frames.input_channels = channels_of(frames).input();
  if (data.rain_scale()) {
    frames.rain = data.rain_scale()->options();
    frames.units = unit_name(frames.rain.unit);
  } else if (!data.clips().empty()) {
    frames.units = unit_of(data.clips().front().measurement.quantity);
  }
  frames.normalisation = data.normalisation();
  frames.frames_per_second = data.frames_per_second() / static_cast<double>(data.options().gap);
  if (!data.clips().empty()) {
    frames.product = data.clips().front().product;
    frames.attribution = data.clips().front().attribution;
  }
  set_value_range(data, frames);
  return frames;
}

NetworkChannels channels_of(const FrameFormat& frames) {
  return {.frame = frames.output_channels,
          .mask = frames.mask_channel ? MaskChannel::kAppended : MaskChannel::kNone,
          .fields = frames.field_channels,
          .coordinates = frames.coordinates ? CoordinateChannels::kAppended : CoordinateChannels::kNone};
}

void write_model(const std::string& path, Network& model, const json::Value& config, const FrameFormat& frames,
                 const json::Value& training) {
  const ModelFile file{
      .config = config, .frames = frames, .training = training, .version = NEXTFRAME_VERSION, .tensors = {}};
  const ParameterSet& parameters = model.parameters();
  std::vector<TensorSource> tensors;
  for (const Parameter& parameter : parameters.entries()) {
    tensors.push_back({.name = parameter.declaration.name,
                       .shape = parameter.declaration.shape,
                       .read = [&parameters, offset = parameter.offset](std::int64_t first, std::span<float> values) {
                         parameters.read(offset + first, values);
                       }});
  }
  write_model_file(path, file, tensors);
}

void check_architecture(Network& model, const ModelFile& file, const std::string& name) {
  std::vector<std::string> problems;
  const std::vector<Parameter>& entries = model.parameters().entries();
  for (const Parameter& parameter : entries) {
    const NamedTensor* tensor = file.find(parameter.declaration.name);
    const std::string shape = to_string(parameter.declaration.shape);
    if (tensor == nullptr) {
      problems.push_back(format("has no {} {}", parameter.declaration.name, shape));
    } else if (!(tensor->shape == parameter.declaration.shape)) {
      problems.push_back(format("has {}, expected {}", describe(*tensor), shape));
    }
  }
  for (const NamedTensor& tensor : file.tensors) {
    const bool known = std::any_of(entries.begin(), entries.end(), [&](const Parameter& parameter) {
      return parameter.declaration.name == tensor.name;
    });
    if (!known) problems.push_back(format("has {}, which the network does not know", describe(tensor)));
  }
  if (problems.empty()) return;
  const std::size_t count = problems.size();
  problems.resize(std::min<std::size_t>(count, 3));
  reject("{}: is of another architecture than its configuration or yours: it {}{}", name, join(problems, "; it "),
         count > 3 ? format("; and {} more", count - 3) : "");
}

void load_weights(Network& model, const ModelFile& file, const std::string& name) {
  check_architecture(model, file, name);
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(model.parameters().elements()));
  for (const Parameter& parameter : model.parameters().entries()) {
    const std::vector<float>& stored = file.find(parameter.declaration.name)->values;
    values.insert(values.end(), stored.begin(), stored.end());
  }
  model.parameters().upload(values);
}

SourceOptions input_options(const TrainedModel& model, const std::string& path, const std::string& product) {
  SourceOptions options;
  options.path = path;
  options.product = product;
  const bool array = has_extension(parse_array_path(path).file, {".npy", ".npz"});
  if (product.empty() && !array) options.product = model.file.frames.product;
  if (!options.product.empty()) options.type = SourceType::kRadar;
  if (!model.data.sources.empty()) options.max_missing = model.data.sources.front().max_missing;
  return options;
}

TrainedModel load_model(Backend& backend, const std::string& path, std::optional<Precision> precision) {
  TrainedModel model;
  model.path = model_path(path).string();
  model.file = read_model_file(model.path);
  const std::string name = "[model] " + model.path;
  model.options = section<ModelOptions>(model.file.config, "model", name);
  model.data = section<DataOptions>(model.file.config, "data", name);
  model.precision = precision.value_or(trained_precision(model.file.config));
  {
    // Without memory first: a configuration that does not belong to the file may ask for any amount of it.
    CountingBackend counting;
    const std::unique_ptr<Network> layout = make_network(
        counting, DType::kFloat32, model.options, model.file.frames.input_channels, model.file.frames.output_channels);
    check_architecture(*layout, model.file, name);
  }
  model.network = make_network(backend, activation_type(model.precision, backend), model.options,
                               model.file.frames.input_channels, model.file.frames.output_channels);
  load_weights(*model.network, model.file, name);
  model.file.tensors.clear();
  return model;
}

}  // namespace nextframe
