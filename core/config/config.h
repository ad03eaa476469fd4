#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/frames/options.h"
#include "core/json/fields.h"
#include "core/json/value.h"
#include "core/model/options.h"
#include "core/train/options.h"

namespace nextframe {

/// What a configuration file says: a model, the frames that it learns from, and how.
struct Config {
  std::string name;
  ModelOptions model;
  DataOptions data;
  TrainOptions train;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("name", name, {.doc = "what the run is called"});
    v.field("model", model, {.doc = "the network"});
    v.field("data", data, {.doc = "the frames to learn from"});
    v.field("train", train, {.doc = "how to learn"});
  }
};

/// Reads a configuration file (comments and "extends" allowed, ${NAME} in texts stands for an environment variable),
/// applies the overrides, each "key.path=value", and checks everything. A file without a name is called like the file.
/// An Error of kind kRequest lists all problems at once.
Config load_config(const std::filesystem::path& path, const std::vector<std::string>& overrides);

/// Reads and checks a whole document such as a run's config.json or a model file's; `where` begins the message.
Config config_from_json(const json::Value& document, std::string_view where);

/// The effective configuration: every key with its value, defaults included.
json::Value config_to_json(const Config& config);

/// The JSON schema of configuration files, for editors.
json::Value config_schema();

/// What no single field can tell: values that do not fit each other. One line each, with the path.
std::vector<std::string> find_problems(const Config& config);

}  // namespace nextframe
