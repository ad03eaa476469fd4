#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/frames/normalisation.h"
#include "core/frames/options.h"
#include "core/json/value.h"
#include "core/model/safetensors.h"

namespace nextframe {

/// What the frames were that the model learnt from, and how they reached it: with the configuration, all that a
/// forecast needs besides the weights.
struct FrameFormat {
  /// That the network gets: of a frame after preprocessing, mask, inputs and coordinates.
  std::int64_t input_channels = 1;
  std::int64_t output_channels = 1;                 ///< of a forecast frame
  std::optional<std::array<std::int64_t, 2>> size;  ///< height and width that frames were resized to; empty = their own
  ChannelMode channels = ChannelMode::kGrey;
  bool mask_channel = false;        ///< whether the mask stands behind a frame's channels: 1 = valid, 0 = missing
  std::int64_t field_channels = 0;  ///< of data.inputs, their masks included, behind the frame's channels and mask
  bool coordinates = false;         ///< whether x, y and 1 are the last input channels
  RainOptions rain{.unit = RainUnit::kSource};  ///< how rain became the numbers that are normalised
  Normalisation normalisation;
  double low = 0;  ///< the values that the pixels' type can take, before normalisation
  double high = 255;
  std::string units = "pixel value";
  std::string product;           ///< radar: the row of the table of products that its files were read by, as JSON
  std::string attribution;       ///< whom the data are from
  double frames_per_second = 0;  ///< 0 = unknown

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("input_channels", input_channels,
            {.doc = "channels that the network gets, mask, inputs and coordinates among them", .min = 1, .max = 65536});
    v.field("output_channels", output_channels, {.doc = "channels of a forecast frame", .min = 1, .max = 65536});
    v.field("size", size,
            {.doc = "height and width that frames are resized to; null = their own", .min = 1, .max = 16384});
    v.field("channels", channels, {.doc = "how the source's channels become the model's"});
    v.field("mask_channel", mask_channel, {.doc = "whether the mask stands behind a frame's channels"});
    v.field("field_channels", field_channels,
            {.doc = "channels of data.inputs, behind those of a frame and its mask", .min = 0, .max = 65536});
    v.field("coordinates", coordinates, {.doc = "whether x, y and 1 are the last input channels"});
    v.field("unit", rain.unit, {.doc = "unit of rain that is normalised; source = none"});
    v.field("rain", rain, {.doc = "the limits of that unit"});
    v.field("normalisation", normalisation, {.doc = "how pixel values become the network's numbers"});
    v.field("low", low, {.doc = "smallest value that the pixels' type can take"});
    v.field("high", high, {.doc = "largest value that the pixels' type can take"});
    v.field("units", units, {.doc = "what a pixel value counts"});
    v.field("product", product, {.doc = "radar: how its files were read, a row of the table of products"});
    v.field("attribution", attribution, {.doc = "whom the data are from"});
    v.field("frames_per_second", frames_per_second, {.doc = "0 = unknown", .min = 0});
  }
};

/// A trained model: a safetensors file whose metadata holds "format" ("nextframe"), "format_version" ("1"), "version"
/// (of the program that wrote it), "config" (the effective configuration, JSON), "frames" (a FrameFormat, JSON) and
/// "training" (JSON, free: steps, scores).
struct ModelFile {
  json::Value config = json::Value::object();
  FrameFormat frames;
  json::Value training = json::Value::object();
  std::string version;
  std::vector<NamedTensor> tensors;

  const NamedTensor* find(std::string_view name) const;
};

/// The model in a safetensors file; `name` begins every message. Rejects what parse_tensor_file rejects, files that
/// nextframe did not write, a newer format, metadata that is missing or wrong, a normalisation with scale 0, an
/// empty range of values, and weights that are not finite.
ModelFile parse_model_file(std::span<const std::byte> bytes, const std::string& name);
ModelFile read_model_file(const std::string& path);
/// Replaces `path` in one rename; a failure leaves the old file.
void write_model_file(const std::string& path, const ModelFile& model);
/// The same with tensors from elsewhere, in place of the model's own.
void write_model_file(const std::string& path, const ModelFile& model, const std::vector<TensorSource>& tensors);

}  // namespace nextframe
