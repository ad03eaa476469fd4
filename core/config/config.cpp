#include "core/config/config.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/config/document.h"
#include "core/loss/loss.h"

namespace nextframe {

namespace {

std::string_view path_of(std::string_view problem) { return problem.substr(0, problem.find(": ")); }

/// Whether one problem's value is the other's or contains it: "model.levels" and "model.levels[0].kernel".
bool concerns_same_value(std::string_view first, std::string_view second) {
  const std::string_view a = path_of(first), b = path_of(second);
  return a.starts_with(b) || b.starts_with(a);
}

/// Where no term of the loss is named it is the mean squared error. Terms that are named and weigh nothing are a mistake,
/// except where all are: effective configurations used to be written so.
void settle_loss(const json::Value& document, LossOptions& loss, Problems& problems) {
  if (std::any_of(kLosses.begin(), kLosses.end(), [&](const LossEntry& term) { return loss.*term.weight > 0; })) return;
  const json::Value* train = document.find("train");
  const json::Value* terms = train != nullptr ? train->find("loss") : nullptr;
  std::vector<std::string> named;
  for (const LossEntry& term : kLosses) {
    if (terms != nullptr && terms->find(term.name) != nullptr) named.emplace_back(term.name);
  }
  if (named.empty()) {
    loss.mse = 1;
  } else if (named.size() < kLosses.size()) {
    problems.add(
        format("train.loss: {} {} 0 and nothing else is given; expected a weight above 0, or no term at all for "
               "the mean squared error",
               join(named, ", "), named.size() == 1 ? "is" : "are"));
  }
}

Config checked(const json::Value& document, std::string_view where) {
  Config config;
  Problems problems;
  read_fields(document, "", config, problems);
  if (problems.empty()) settle_loss(document, config.train.loss, problems);
  // A value that could not be read has left a default behind, about which there is nothing more to say.
  const std::vector<std::string> unread = problems.list();
  for (std::string& problem : find_problems(config)) {
    const bool known = std::any_of(unread.begin(), unread.end(),
                                   [&](const std::string& first) { return concerns_same_value(first, problem); });
    if (!known) problems.add(std::move(problem));
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
