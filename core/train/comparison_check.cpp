#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"
#include "core/json/fields.h"
#include "core/train/comparison.h"

namespace nextframe {
namespace {

/// Keys of "data" by which two configurations may differ: where files are kept, and how training picks from the frames.
constexpr std::array<std::string_view, 8> kOwnAffairs{
    "crop", "sampling", "augment", "mask_channel", "validation_windows", "cache", "prefetch", "horizon"};

struct KeyDifference {
  std::string path;
  std::string first;
  std::string second;
};

std::string text_of(const json::Value* value) { return value == nullptr ? std::string("nothing") : value->dump(); }

void compare(const std::string& path, const json::Value* first, const json::Value* second,
             std::vector<KeyDifference>& differences) {
  if (first != nullptr && second != nullptr) {
    if (*first == *second) return;
    if (first->is_object() && second->is_object()) {
      for (const auto& [key, value] : first->members(path)) {
        compare(json::child_path(path, key), &value, second->find(key), differences);
      }
      return;
    }
    if (first->is_array() && second->is_array() && first->items(path).size() == second->items(path).size()) {
      for (std::size_t i = 0; i < first->items(path).size(); ++i) {
        compare(format("{}[{}]", path, i), &first->items(path)[i], &second->items(path)[i], differences);
      }
      return;
    }
  }
  differences.push_back({path, text_of(first), text_of(second)});
}

json::Value frames_of(const Contender& contender) {
  json::Value data = options_to_json(contender.data);
  for (const std::string_view key : kOwnAffairs) data.erase(key);
  return data;
}

void add_number(const char* path, std::int64_t first, std::int64_t second, std::vector<KeyDifference>& differences) {
  if (first != second) differences.push_back({path, std::to_string(first), std::to_string(second)});
}

std::vector<KeyDifference> frame_differences(const Contender& first, const Contender& second) {
  std::vector<KeyDifference> differences;
  const json::Value mine = frames_of(first), others = frames_of(second);
  compare("data", &mine, &others, differences);
  add_number("data.horizon", first.data.horizon, second.data.horizon, differences);
  return differences;
}

/// Of two that are to be trained.
std::vector<KeyDifference> training_differences(const Contender& first, const Contender& second) {
  std::vector<KeyDifference> differences;
  add_number("train.steps", first.train.steps, second.train.steps, differences);
  add_number("train.seed", first.train.seed, second.train.seed, differences);
  return differences;
}

std::string_view way_out(const std::vector<KeyDifference>& differences) {
  const auto all = [&](std::string_view path) {
    return std::all_of(differences.begin(), differences.end(),
                       [&](const KeyDifference& difference) { return difference.path == path; });
  };
  if (all("train.steps")) return "give both the same budget with --steps or --budget";
  if (all("train.seed")) return "give both the same seed with --set train.seed=1";
  if (all("data.horizon")) {
    return "train both for one horizon with --set data.horizon=..., and score longer ones with --horizon";
  }
  return "give both the same frames, such as by --set, which holds for all of them";
}

void reject_any(const Contender& first, const Contender& other, const std::vector<KeyDifference>& differences) {
  if (differences.empty()) return;
  constexpr std::size_t kShown = 6;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < std::min(kShown, differences.size()); ++i) {
    const KeyDifference& one = differences[i];
    texts.push_back(format("{} is {} and {}", one.path, one.first, one.second));
  }
  if (differences.size() > kShown) texts.push_back(format("{} more differ", differences.size() - kShown));
  reject("[compare] {} and {} cannot be compared: {}; {}", first.origin, other.origin, join(texts, ", "),
         way_out(differences));
}

}  // namespace

void check_contenders(const std::vector<Contender>& contenders) {
  if (contenders.size() < 2) {
    reject("[compare] got {}, expected two configurations or models, or more", contenders.size());
  }
  const Contender* trained = nullptr;  // the first that is to be
  for (const Contender& other : contenders) {
    reject_any(contenders.front(), other, frame_differences(contenders.front(), other));
    if (!other.to_train()) continue;
    if (trained == nullptr) trained = &other;
    reject_any(*trained, other, training_differences(*trained, other));
  }
}

}  // namespace nextframe
