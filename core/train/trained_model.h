#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/backend/backend.h"
#include "core/frames/data_set.h"
#include "core/model/model_file.h"
#include "core/model/network.h"
#include "core/train/network_input.h"
#include "core/train/precision.h"

namespace nextframe {

/// What a model of these options that learns from `data` has to know of its frames. Rejects an empty range of values.
FrameFormat frame_format_of(const DataSet& data, const ModelOptions& model);

NetworkChannels channels_of(const FrameFormat& frames);

/// Writes the model file of a network's present weights, a piece of them at a time.
void write_model(const std::string& path, Network& model, const json::Value& config, const FrameFormat& frames,
                 const json::Value& training);

/// Rejects, with the first differences, a file whose parameters have other names or shapes than the network's; `name`
/// begins the message.
void check_architecture(Network& model, const ModelFile& file, const std::string& name);

/// Fills the network's weights from a file that check_architecture passes.
void load_weights(Network& model, const ModelFile& file, const std::string& name);

/// A network with everything that was stored with it.
struct TrainedModel {
  std::string path;
  ModelFile file;  ///< without its tensors
  ModelOptions options;
  DataOptions data;  ///< as it was trained; context and horizon are the lengths that it knows
  Precision precision = Precision::kFloat32;
  std::unique_ptr<Network> network;
};

/// How frames for the model are read from `path`: as radar by the product that it was trained on, unless `product` names
/// another, or the path is an array; anything else by what it looks like.
SourceOptions input_options(const TrainedModel& model, const std::string& path, const std::string& product = {});

/// Reads a .safetensors file, or the best model of a run folder, and builds its network on `backend`, in `precision` or
/// as it was trained, though never in a type that the backend only emulates. Rejects everything that read_model_file,
/// options_from_json and load_weights reject.
TrainedModel load_model(Backend& backend, const std::string& path, std::optional<Precision> precision = {});

}  // namespace nextframe
