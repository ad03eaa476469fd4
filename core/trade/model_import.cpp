#include "core/trade/model_import.h"

#include <algorithm>
#include <memory>

#include "core/backend/counting/counting_backend.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/document.h"
#include "core/frames/input_fields.h"
#include "core/model/network.h"
#include "core/train/trained_model.h"

namespace nextframe {
namespace {

constexpr std::int64_t kColours = 3;

void strip_prefix(const std::string& prefix, TensorFile& source) {
  if (prefix.empty()) return;
  const bool all =
      std::ranges::all_of(source.tensors, [&](const auto& tensor) { return tensor.name.starts_with(prefix); });
  if (!all) return;
  for (NamedTensor& tensor : source.tensors) tensor.name.erase(0, prefix.size());
}

/// What the mapping cannot express although the shapes might fit.
void check_architecture(const Mapping& mapping, const TensorFile& source, const std::string& where) {
  Problems problems;
  for (const MappingMetadata& expected : mapping.metadata) {
    std::vector<std::string> texts;
    for (const auto& [text, key] : expected.values) texts.push_back("\"" + text + "\"");
    const auto found = source.metadata.find(expected.key);
    if (found == source.metadata.end()) {
      if (!expected.required) continue;
      problems.add(format("its metadata do not tell \"{}\", expected {}: {}", expected.key, join(texts, " or "),
                          expected.because));
    } else if (expected.values.count(found->second) == 0) {
      problems.add(format("its {} is \"{}\", expected {}: {}", expected.key, found->second, join(texts, " or "),
                          expected.because));
    }
  }
  for (const MappingReason& refused : mapping.refused) {
    const auto found = std::ranges::find_if(
        source.tensors, [&](const NamedTensor& tensor) { return glob_match(refused.name, tensor.name); });
    if (found != source.tensors.end()) problems.add(format("it has {}: {}", found->name, refused.because));
  }
  problems.reject_if_any(format("{}: the mapping {} does not express this architecture", where, mapping.name));
}

/// The channels of a frame as the configuration names them.
std::string channel_mode(std::int64_t channels) {
  return channels == 1 ? "grey" : channels == kColours ? "color" : "source";
}

std::int64_t value_of(const MappingSize& size, const NamedTensor& tensor, const std::string& where) {
  if (size.axis >= tensor.shape.rank()) {
    reject("{}: {} {} has no axis {}, which is to tell {}", where, tensor.name, to_string(tensor.shape), size.axis,
           size.key);
  }
  const std::int64_t length = tensor.shape[static_cast<int>(size.axis)];
  const std::int64_t value = length / size.divided_by;
  if (value < 1 || length % size.divided_by != 0 || value % size.multiple_of != 0) {
    reject("{}: {} {} makes {} {} / {}, expected a multiple of {}{}", where, tensor.name, to_string(tensor.shape),
           size.key, length, size.divided_by, size.multiple_of, size.because.empty() ? "" : ": " + size.because);
  }
  return value;
}

struct Shaped {
  json::Value document;
  std::optional<std::int64_t> channels;  ///< of a frame
};

/// The configuration's keys that the metadata tell, which check_architecture passes.
void apply_metadata(const Mapping& mapping, const TensorFile& source, json::Value& document) {
  for (const MappingMetadata& known : mapping.metadata) {
    const auto found = source.metadata.find(known.key);
    if (found == source.metadata.end()) continue;
    const std::string& assignment = known.values.at(found->second);
    if (!assignment.empty()) apply_override(document, assignment);
  }
}

/// The configuration's keys that the shapes tell.
void apply_sizes(const Mapping& mapping, const TensorFile& source, const std::string& where, Shaped& shaped) {
  for (const MappingSize& size : mapping.sizes) {
    const CountedName key(size.key, where), of(size.of, where);
    if (size.exists) {
      apply_override(shaped.document, format("{}={}", size.key, source.find(size.of) != nullptr));
      continue;
    }
    for (std::int64_t k = 0; k < (of.counted() ? CountedName::kMost : 1); ++k) {
      const NamedTensor* tensor = source.find(of.at(k));
      if (tensor == nullptr) break;
      const std::int64_t value = value_of(size, *tensor, where);
      if (size.key == "data.channels") {
        shaped.channels = value;
        apply_override(shaped.document, format("{}={}", size.key, channel_mode(value)));
      } else {
        apply_override(shaped.document, format("{}={}", key.at(k), value));
      }
    }
  }
}

Config config_for(const ImportRequest& request, const Mapping& mapping, Shaped& shaped, const TensorFile& source,
                  const std::string& where) {
  shaped.document = json::Value::object();
  if (!mapping.extends.empty()) shaped.document = read_document(request.mapping.parent_path() / mapping.extends);
  shaped.document.set("name", mapping.name);
  for (const std::string& assignment : mapping.set) apply_override(shaped.document, assignment);
  apply_metadata(mapping, source, shaped.document);
  apply_sizes(mapping, source, where, shaped);
  if (request.config) {
    json::Value own = read_document(*request.config);
    own.erase("model");
    merge(shaped.document, own);
  }
  for (const std::string& assignment : request.overrides) apply_override(shaped.document, assignment);
  expand_variables(shaped.document, where);
  return config_from_json(shaped.document, where + ": the model's configuration");
}

/// What DataSet would find out of the frames, as far as the configuration alone tells it.
FrameFormat frames_of(const Config& config, std::optional<std::int64_t> channels, const std::string& where) {
  const DataOptions& data = config.data;
  FrameFormat frames;
  if (data.channels == ChannelMode::kSource && !channels) {
    reject(
        "{}: data.channels is \"source\", which does not tell how many; expected \"grey\", \"color\", or a size of the "
        "mapping",
        where);
  }
  frames.channels = data.channels;
  frames.output_channels = data.channels == ChannelMode::kGrey    ? 1
                           : data.channels == ChannelMode::kColor ? kColours
                                                                  : *channels;
  frames.size = data.size;
  frames.mask_channel = data.mask_channel;
  frames.field_channels = input_field_channels(data.inputs.size(), data.mask_channel);
  frames.coordinates = config.model.coordinates;
  frames.input_channels = channels_of(frames).input();
  frames.low = data.normalise.low.value_or(0);
  frames.high = data.normalise.high.value_or(1);
  if (data.rain.unit != RainUnit::kAuto && data.rain.unit != RainUnit::kSource) {
    const RainScale scale(data.rain);
    frames.rain = scale.options();
    frames.units = unit_name(frames.rain.unit);
    frames.low = scale.low();
    frames.high = scale.high();
  }
  if (data.normalise.by == NormaliseBy::kStandard) {
    reject(
        "{}: data.normalise.by is \"standard\", for which frames are needed; expected \"range\" with low and high, or "
        "\"none\"",
        where);
  }
  if (data.normalise.by == NormaliseBy::kRange) {
    frames.low = data.normalise.low.value_or(frames.low);
    frames.high = data.normalise.high.value_or(frames.high);
    frames.normalisation = {.offset = frames.low, .scale = frames.high - frames.low};
  }
  if (!(frames.low < frames.high)) {
    reject("{}: data.normalise.low is {} and high {}, expected low below high", where, frames.low, frames.high);
  }
  return frames;
}

}  // namespace

ImportedModel import_model(const ImportRequest& request) {
  ImportedModel imported;
  imported.mapping = read_mapping(request.mapping);
  const Mapping& mapping = imported.mapping;
  const std::string where = format("[import] {}", request.weights);
  TensorFile source = read_tensor_file(request.weights);
  strip_prefix(mapping.strip_prefix, source);
  check_architecture(mapping, source, where);
  Shaped shaped;
  const Config config = config_for(request, mapping, shaped, source, where);
  ModelFile& file = imported.file;
  file.frames = frames_of(config, shaped.channels, where);

  CountingBackend counting;
  const std::unique_ptr<Network> layout =
      make_network(counting, DType::kFloat32, config.model, file.frames.input_channels, file.frames.output_channels);
  WeightMapper mapper(mapping, source, layout->parameters(), config.model.cell);
  Problems problems;
  file.tensors = mapper.make_all(problems);
  problems.reject_if_any(format("{}: does not fit the mapping {}", where, mapping.name));
  imported.dropped = mapper.dropped();
  file.config = config_to_json(config);
  file.version = NEXTFRAME_VERSION;
  file.training.set("imported_from", std::filesystem::path(request.weights).filename().string());
  file.training.set("mapping", mapping.name);
  return imported;
}

}  // namespace nextframe
