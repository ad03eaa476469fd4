#include "app/commands/baseline_arguments.h"

#include "core/base/text.h"
#include "core/config/document.h"
#include "core/json/fields.h"

namespace nextframe::app {
namespace {

void collect_paths(const json::Value& object, const std::string& path, std::vector<std::string>& paths) {
  for (const auto& [key, value] : object.members(path)) {
    if (value.is_object()) {
      collect_paths(value, json::child_path(path, key), paths);
    } else {
      paths.push_back(json::child_path(path, key));
    }
  }
}

}  // namespace

BaselineOptions baseline_options(const std::vector<std::string>& assignments) {
  json::Value document = json::Value::object();
  for (const std::string& assignment : assignments) apply_override(document, assignment);
  return options_from_json<BaselineOptions>(document, "--baseline-option");
}

std::string baseline_option_names() {
  std::vector<std::string> paths;
  collect_paths(options_to_json(BaselineOptions{}), "", paths);
  return join(paths, ", ");
}

}  // namespace nextframe::app
