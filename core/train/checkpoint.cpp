#include "core/train/checkpoint.h"

#include <array>
#include <bit>
#include <cctype>
#include <string>
#include <string_view>

#include "core/base/checksum.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/model/safetensors.h"

namespace nextframe {
namespace {

constexpr std::string_view kFormat = "nextframe-state";
constexpr std::string_view kVersion = "3";

std::string checksum_of(const std::string& state, const std::vector<TensorSource>& tensors) {
  Checksum sum;
  sum.add(state);
  for (const TensorSource& tensor : tensors) {
    sum.add(tensor.name);
    // Value by value, so that the pieces do not matter.
    tensor.each_piece([&](std::span<const float> values) {
      for (const float value : values) sum.add(std::uint64_t{std::bit_cast<std::uint32_t>(value)});
    });
  }
  return sum.text();
}

/// The numbers of a checkpoint, listed once for writing and reading.
struct Numbers {
  Checkpoint& c;

  template <class Visitor>
  void visit(Visitor& v) {
    v("step", c.step);
    v("next_batch", c.next_batch);
    v("metrics_bytes", c.metrics_bytes);
    v("schedule_best", c.schedule.best);
    v("schedule_bad", c.schedule.bad);
    v("schedule_cooling", c.schedule.cooling);
    v("schedule_reduction", c.schedule.reduction);
    v("best_score", c.best_score);
    v("best_step", c.best_step);
    v("validations_without_better", c.validations_without_better);
    v("last_sample_step", c.last_sample_step);
    v("seconds", c.seconds);
    v("validation_due", c.validation_due);
  }
};

struct Writer {
  json::Value& object;
  void operator()(std::string_view name, std::int64_t value) { object.set(name, value); }
  void operator()(std::string_view name, double value) { object.set(name, json::Value::number_or_null(value)); }
  void operator()(std::string_view name, bool value) { object.set(name, value); }
};

struct Reader {
  const json::Value& object;
  std::string_view where;
  void operator()(std::string_view name, std::int64_t& value) {
    value = object.at(name, where).get<std::int64_t>(where);
    if (value < 0) reject("{}: {} is negative", where, name);
  }
  void operator()(std::string_view name, double& value) {
    const json::Value& found = object.at(name, where);
    value = found.is_null() ? std::numeric_limits<double>::quiet_NaN() : found.get<double>(where);
  }
  void operator()(std::string_view name, bool& value) { value = object.at(name, where).get<bool>(where); }
};

std::array<std::pair<std::string_view, std::vector<float> Checkpoint::*>, 4> buffers() {
  return {{{"weights", &Checkpoint::weights},
           {"first_moment", &Checkpoint::first_moment},
           {"second_moment", &Checkpoint::second_moment},
           {"average", &Checkpoint::average}}};
}

Checkpoint parse_checkpoint(const std::filesystem::path& path) {
  TensorFile file = read_tensor_file(path.string());
  if (file.metadata["format"] != kFormat || file.metadata["format_version"] != kVersion) {
    reject("{}: is not a training state of this version", path.string());
  }
  const std::string& text = file.metadata["state"];
  std::vector<TensorSource> sources;
  for (const NamedTensor& tensor : file.tensors) sources.push_back(source_of(tensor));
  if (file.metadata["checksum"] != checksum_of(text, sources)) {
    reject("{}: its checksum does not fit its content; the file was damaged or changed", path.string());
  }
  const json::Value state = json::parse(text, path.string());
  Checkpoint checkpoint;
  Reader reader{state, "state"};
  Numbers{checkpoint}.visit(reader);
  if (const json::Value* events = state.find("events")) {
    constexpr std::string_view kWhere = "state: events";
    checkpoint.events = {.file = events->at("file", kWhere).get<std::string>(kWhere),
                         .bytes = events->at("bytes", kWhere).get<std::int64_t>(kWhere)};
    if (checkpoint.events->bytes < 0) reject("{}: bytes is negative", kWhere);
  }
  checkpoint.config = state.at("config", "state");
  checkpoint.data = state.at("data", "state");
  for (const auto& [name, member] : buffers()) {
    for (NamedTensor& tensor : file.tensors) {
      if (tensor.name == name) checkpoint.*member = std::move(tensor.values);
    }
  }
  return checkpoint;
}

/// Keys that may differ between a run and its continuation; a key stands for everything below it, [] for any index.
constexpr std::array<std::string_view, 16> kFreeToChange{
    "$schema",
    "name",
    "extends",
    "data.sources[].path",
    "data.cache",
    "data.prefetch",
    "train.steps",
    "train.precision",
    "train.optimizer.lr",
    "train.clip_norm",
    "train.clip_value",
    "train.validate_every",
    "train.early_stop",
    "train.checkpoint_every",
    "train.sample_every",
    "train.samples",
};

bool may_change(const std::string& indexed_path) {
  std::string path;
  for (const char c : indexed_path) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0 || !path.ends_with('[')) path += c;
  }
  for (const std::string_view key : kFreeToChange) {
    if (path == key || path.starts_with(std::string(key) + ".")) return true;
  }
  return false;
}

void find_differences(const json::Value& saved, const json::Value& now, const std::string& path,
                      std::vector<std::string>& differences) {
  if (saved == now || may_change(path)) return;
  if (saved.is_array() && now.is_array() && saved.items(path).size() == now.items(path).size()) {
    for (std::size_t i = 0; i < saved.items(path).size(); ++i) {
      find_differences(saved.items(path)[i], now.items(path)[i], format("{}[{}]", path, i), differences);
    }
    return;
  }
  if (!saved.is_object() || !now.is_object()) {
    differences.push_back(format("{} was {}, is {}", path, saved.dump(), now.dump()));
    return;
  }
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [key, value] : saved.members(path)) {
    const json::Value* other = now.find(key);
    find_differences(value, other != nullptr ? *other : json::Value(), prefix + key, differences);
  }
  for (const auto& [key, value] : now.members(path)) {
    if (saved.find(key) == nullptr) find_differences(json::Value(), value, prefix + key, differences);
  }
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  std::vector<TensorSource> sources;
  for (const auto& [name, member] : buffers()) {
    const std::vector<float>& values = checkpoint.*member;
    if (values.empty()) continue;
    sources.push_back({.name = std::string(name),
                       .shape = {static_cast<std::int64_t>(values.size())},
                       .read = [&values](std::int64_t first, std::span<float> piece) {
                         std::copy_n(values.begin() + first, piece.size(), piece.begin());
                       }});
  }
  write_checkpoint(path, checkpoint, sources);
}

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint,
                      const std::vector<TensorSource>& buffers) {
  Checkpoint numbers = checkpoint;
  json::Value state = json::Value::object();
  Writer writer{state};
  Numbers{numbers}.visit(writer);
  if (checkpoint.events) {
    json::Value events = json::Value::object();
    events.set("file", checkpoint.events->file);
    events.set("bytes", checkpoint.events->bytes);
    state.set("events", std::move(events));
  }
  state.set("config", checkpoint.config);
  state.set("data", checkpoint.data);
  const std::string text = state.dump();
  std::map<std::string, std::string> metadata;
  metadata["format"] = kFormat;
  metadata["format_version"] = kVersion;
  metadata["state"] = text;
  metadata["checksum"] = checksum_of(text, buffers);
  write_tensor_file(path.string(), metadata, buffers);
}

Checkpoint read_checkpoint(const std::filesystem::path& path) {
  try {
    return parse_checkpoint(path);
  } catch (const Error& error) {
    reject("[train] cannot resume: {}; begin a new run, or start from its last model with --init {}", error.what(),
           (path.parent_path() / "last.safetensors").string());
  }
}

void check_same_configuration(const json::Value& saved, const json::Value& now, const std::filesystem::path& path) {
  std::vector<std::string> differences;
  find_differences(saved, now, "", differences);
  if (differences.empty()) return;
  reject("[train] {}: cannot resume under another configuration: {}; begin a new run with --init to change it",
         path.string(), join(differences, "; "));
}

}  // namespace nextframe
