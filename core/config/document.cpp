#include "core/config/document.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/json/fields.h"

namespace nextframe {

namespace fs = std::filesystem;

namespace {

json::Value read_chain(const fs::path& path, std::vector<fs::path>& visited) {
  std::error_code code;
  const fs::path canonical = fs::weakly_canonical(path, code);
  if (std::find(visited.begin(), visited.end(), canonical) != visited.end()) {
    reject("[config] {}: extends itself by way of {}", path.string(), visited.back().string());
  }
  visited.push_back(canonical);
  json::Value document = json::read_file(path);
  if (!document.is_object()) {
    reject("[config] {}: got {}, expected an object in braces", path.string(), document.describe());
  }
  document.erase("$schema");
  const json::Value* extends = document.find("extends");
  if (!extends) return document;
  const fs::path parent = path.parent_path() / extends->get<std::string>(format("[config] {}: extends", path.string()));
  if (!fs::exists(parent, code))
    reject("[config] {}: extends {}, which does not exist", path.string(), parent.string());
  document.erase("extends");
  json::Value base = read_chain(parent, visited);
  merge(base, document);
  return base;
}

/// One step of a key path: a member's name or a list index; digits alone may be either.
struct Step {
  std::string name;
  std::optional<std::size_t> index;
  bool bracketed = false;
};

std::optional<std::size_t> parse_index(std::string_view text) {
  if (text.empty() || text.size() > 6) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) return std::nullopt;
  return static_cast<std::size_t>(std::stoul(std::string(text)));
}

[[noreturn]] void reject_path(std::string_view path) {
  reject("--set {}: cannot be understood as a key path; write train.optimizer.lr=3e-4 or model.levels[0].hidden=32",
         path);
}

std::vector<Step> parse_path(std::string_view path) {
  std::vector<Step> steps;
  for (const std::string& part : split(path, '.')) {
    std::string_view rest = part;
    const std::size_t bracket = rest.find('[');
    const std::string_view name = rest.substr(0, bracket);
    if (name.empty()) reject_path(path);
    steps.push_back({std::string(name), parse_index(name)});
    while (bracket != std::string_view::npos && rest.find('[') != std::string_view::npos) {
      rest.remove_prefix(rest.find('[') + 1);
      const std::size_t end = rest.find(']');
      const std::optional<std::size_t> index = parse_index(rest.substr(0, end));
      if (end == std::string_view::npos || !index) reject_path(path);
      steps.push_back({std::string(rest.substr(0, end)), index, true});
      rest.remove_prefix(end + 1);
      if (!rest.empty() && rest.front() != '[') reject_path(path);
    }
  }
  return steps;
}

/// The value that one step leads to, made where it is missing.
json::Value& descend(json::Value& value, const Step& step, const std::string& path) {
  if (value.is_null() && step.bracketed) value = json::Value::array();
  if (value.is_null()) value = json::Value::object();
  if (value.is_array()) {
    json::Value::Array& items = value.items();
    if (!step.index) reject("--set {}: \"{}\" is no index, and what it stands for is a list", path, step.name);
    if (*step.index > items.size()) {
      reject("--set {}: index {} is beyond the list's {} elements", path, *step.index, items.size());
    }
    if (*step.index == items.size()) items.emplace_back();
    return items[*step.index];
  }
  if (!value.is_object() || step.bracketed) {
    reject("--set {}: [{}] leads into {}", path, step.name, value.describe());
  }
  if (json::Value* member = value.find(step.name)) return *member;
  return value.set(step.name, json::Value());
}

json::Value parse_override_value(const std::string& text, const std::string& path) {
  try {
    return json::parse(text, "--set " + path);
  } catch (const Error&) {
    // A value that begins like JSON was meant as JSON; anything else is a text that needs no quotes.
    if (!text.empty() && (text.front() == '{' || text.front() == '[' || text.front() == '"')) throw;
    return json::Value(text);
  }
}

std::string expanded(std::string_view text, const std::string& path, std::string_view where) {
  std::string result;
  for (std::size_t start = 0;;) {
    const std::size_t begin = text.find("${", start);
    const std::size_t end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) return result + std::string(text.substr(start));
    const std::string name(text.substr(begin + 2, end - begin - 2));
    const char* value = std::getenv(name.c_str());
    if (!value) {
      reject("{}: {}: the environment variable {} is not set; set it, or give a path with --set {}=PATH", where, path,
             name, path);
    }
    result += text.substr(start, begin - start);
    result += value;
    start = end + 1;
  }
}

void expand(json::Value& value, const std::string& path, std::string_view where) {
  if (value.is_object()) {
    for (auto& [key, member] : value.members()) expand(member, json::child_path(path, key), where);
  } else if (value.is_array()) {
    std::size_t index = 0;
    for (json::Value& item : value.items()) expand(item, json::item_path(path, index++), where);
  } else if (value.is_string()) {
    value = json::Value(expanded(value.get<std::string>(path), path, where));
  }
}

}  // namespace

void merge(json::Value& base, const json::Value& over) {
  if (!base.is_object() || !over.is_object()) {
    base = over;
    return;
  }
  for (const auto& [key, value] : over.members("")) {
    if (json::Value* member = base.find(key)) {
      merge(*member, value);
    } else {
      base.set(key, value);
    }
  }
}

json::Value read_document(const fs::path& path) {
  std::vector<fs::path> visited;
  return read_chain(path, visited);
}

void apply_override(json::Value& document, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    reject("--set {}: expected key.path=value, for instance train.optimizer.lr=3e-4", assignment);
  }
  const std::string path(assignment.substr(0, equals));
  json::Value* target = &document;
  for (const Step& step : parse_path(path)) target = &descend(*target, step, path);
  *target = parse_override_value(std::string(assignment.substr(equals + 1)), path);
}

void expand_variables(json::Value& document, std::string_view where) { expand(document, "", where); }

}  // namespace nextframe
