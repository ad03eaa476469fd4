#include "core/model/model_file.h"

#include <cmath>
#include <utility>

#include "core/base/error.h"
#include "core/base/mapped_file.h"
#include "core/json/fields.h"
#include "core/model/options.h"

namespace nextframe {
namespace {

constexpr std::string_view kFormat = "nextframe";
constexpr std::string_view kFormatVersion = "1";

const std::string& metadata_text(const TensorFile& file, const std::string& key, const std::string& where) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    reject("{}: no \"{}\" in the metadata; expected a model that nextframe has trained", where, key);
  }
  return found->second;
}

json::Value metadata_object(const TensorFile& file, const std::string& key, const std::string& where) {
  const std::string place = where + ": " + key;
  json::Value value = json::parse(metadata_text(file, key, where), place);
  if (!value.is_object()) reject("{}: got {}, expected an object", place, value.describe());
  return value;
}

void check_format(const TensorFile& file, const std::string& where) {
  const std::string& format = metadata_text(file, "format", where);
  if (format != kFormat) {
    reject("{}: the format is \"{}\", expected \"{}\": a model that nextframe has trained", where, format, kFormat);
  }
  const std::string& version = metadata_text(file, "format_version", where);
  if (version != kFormatVersion) {
    reject("{}: format version {}, this program reads version {}; a newer nextframe may have written it", where,
           version, kFormatVersion);
  }
}

void check_frames(const FrameFormat& frames, const std::string& where) {
  const Normalisation& normalisation = frames.normalisation;
  if (normalisation.scale == 0 || !std::isfinite(1 / normalisation.scale)) {
    reject("{}: frames.normalisation.scale is {}, expected a number that can divide", where, normalisation.scale);
  }
  if (!(frames.low < frames.high) || !std::isfinite(frames.high - frames.low)) {
    reject("{}: frames.low is {} and frames.high {}, expected low below high", where, frames.low, frames.high);
  }
}

void check_channels(const FrameFormat& frames, const std::string& where) {
  const std::int64_t others = frames.input_channels - (frames.mask_channel ? 1 : 0) - frames.field_channels -
                              (frames.coordinates ? kCoordinateChannels : 0);
  if (others < frames.output_channels) {
    reject("{}: frames.input_channels is {}{}{}{}, expected at least the {} of a forecast", where,
           frames.input_channels, frames.mask_channel ? " with the mask" : "",
           frames.field_channels > 0 ? " with those of the inputs" : "",
           frames.coordinates ? " with the coordinates" : "", frames.output_channels);
  }
  if (frames.rain.unit != RainUnit::kSource && frames.rain.unit != RainUnit::kAuto) RainScale(frames.rain);
}

void check_finite(const NamedTensor& tensor, const std::string& where) {
  for (const float value : tensor.values) {
    if (!std::isfinite(value)) reject("{}: tensor \"{}\" holds {}, expected finite weights", where, tensor.name, value);
  }
}

}  // namespace

const NamedTensor* ModelFile::find(std::string_view name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

ModelFile parse_model_file(std::span<const std::byte> bytes, const std::string& name) {
  const std::string where = "[model file] " + name;
  TensorFile file = parse_tensor_file(bytes, name);
  check_format(file, where);

  ModelFile model;
  model.version = metadata_text(file, "version", where);
  model.config = metadata_object(file, "config", where);
  model.frames = options_from_json<FrameFormat>(metadata_object(file, "frames", where), where + ": frames");
  model.training = metadata_object(file, "training", where);
  check_frames(model.frames, where);
  check_channels(model.frames, where);
  for (const NamedTensor& tensor : file.tensors) check_finite(tensor, where);
  model.tensors = std::move(file.tensors);
  return model;
}

ModelFile read_model_file(const std::string& path) {
  const MappedFile file(path);
  return parse_model_file(file.bytes(), path);
}

void write_model_file(const std::string& path, const ModelFile& model) {
  std::vector<TensorSource> tensors;
  for (const NamedTensor& tensor : model.tensors) tensors.push_back(source_of(tensor));
  write_model_file(path, model, tensors);
}

void write_model_file(const std::string& path, const ModelFile& model, const std::vector<TensorSource>& tensors) {
  std::map<std::string, std::string> metadata;
  metadata["format"] = kFormat;
  metadata["format_version"] = kFormatVersion;
  metadata["version"] = model.version;
  metadata["config"] = model.config.dump();
  metadata["frames"] = options_to_json(model.frames).dump();
  metadata["training"] = model.training.dump();
  write_tensor_file(path, metadata, tensors);
}

}  // namespace nextframe
