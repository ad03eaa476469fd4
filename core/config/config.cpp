#include "core/config/config.h"

#include "core/base/error.h"
#include "core/config/document.h"

namespace nextframe {

namespace {

Config checked(const json::Value& document, std::string_view where) {
  Config config;
  Problems problems;
  read_fields(document, "", config, problems);
  // Values of the wrong type have left defaults behind, about which there is nothing to say.
  if (problems.empty()) {
    for (std::string& problem : find_problems(config)) problems.add(std::move(problem));
  }
  problems.reject_if_any(where);
  return config;
}

json::Value text_schema(std::string_view description) {
  json::Value schema;
  schema.set("type", "string");
  schema.set("description", description);
  return schema;
}

}  // namespace

Config load_config(const std::filesystem::path& path, const std::vector<std::string>& overrides) {
  json::Value document = read_document(path);
  for (const std::string& assignment : overrides) apply_override(document, assignment);
  const std::string where = format("[config] {}", path.string());
  expand_variables(document, where);
  Config config = checked(document, where);
  if (config.name.empty()) config.name = path.stem().string();
  return config;
}

Config config_from_json(const json::Value& document, std::string_view where) { return checked(document, where); }

json::Value config_to_json(const Config& config) { return options_to_json(config); }

json::Value config_schema() {
  json::Value schema;
  schema.set("$schema", "https://json-schema.org/draft/2020-12/schema");
  schema.set("title", "nextframe configuration");
  json::Value fields = schema_of<Config>();
  json::Value properties;
  properties.set("$schema", text_schema("this schema, for editors"));
  properties.set("extends", text_schema("a file, relative to this one, whose values hold where this one says nothing"));
  for (const auto& [key, value] : fields.at("properties", "").members("")) properties.set(key, value);
  fields.set("properties", std::move(properties));
  for (const auto& [key, value] : fields.members("")) schema.set(key, value);
  return schema;
}

}  // namespace nextframe
