#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/model/model_file.h"
#include "core/trade/weight_mapper.h"

namespace nextframe {

struct ImportRequest {
  std::string weights;            ///< a safetensors file
  std::filesystem::path mapping;  ///< see read_mapping
  std::optional<std::string> config =
      {};  ///< its frames and training take the place of the mapping's; the network is the mapping's
  std::vector<std::string> overrides = {};  ///< key.path=value, last of all
};

struct ImportedModel {
  ModelFile file;
  Mapping mapping;
  std::vector<DroppedWeights> dropped;
};

/// Makes a model of another program's weights. The configuration is, one over the other: what the mapping extends, what it
/// sets, what the source's metadata and shapes say, the request's configuration, the request's overrides. What is known of the frames is
/// what the configuration says: data.channels, data.size, and data.normalise with low and high (0 and 1 where it does not
/// tell them: frames of another depth are scaled to that when they are forecast).
/// Rejects a file that is no safetensors, one of an architecture that the mapping does not express, parameters of either side
/// that are left over, all of them at once, and a configuration that cannot be built.
ImportedModel import_model(const ImportRequest& request);

}  // namespace nextframe
