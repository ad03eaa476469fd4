#include "core/train/comparison_plan.h"

#include <algorithm>

#include "core/base/atomic_file.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/json/fields.h"

namespace nextframe {
namespace {

namespace fs = std::filesystem;

fs::path plan_file(const fs::path& folder) { return folder / "plan.json"; }

ComparisonPlan parse_plan(const fs::path& path) {
  const std::string where = "[compare] " + path.string();
  const json::Value document = json::read_file(path);
  ComparisonPlan plan;
  plan.seeds = document.at("seeds", where).get<std::int64_t>(where);
  const json::Value& budget = document.at("budget_seconds", where);
  if (!budget.is_null()) plan.budget_seconds = budget.get<double>(where);
  for (const json::Value& row : document.at("contenders", where).items(where)) {
    plan.contenders.push_back({.name = row.at("name", where).get<std::string>(where),
                               .origin = row.at("origin", where).get<std::string>(where),
                               .steps = row.at("steps", where).get<std::int64_t>(where)});
  }
  return plan;
}

}  // namespace

std::optional<ComparisonPlan> read_plan(const fs::path& folder, RunStart start) {
  std::error_code error;
  const bool there = fs::exists(folder, error);
  if (there && !fs::is_directory(folder, error)) {
    reject("[compare] {}: is a file, expected a folder for the comparison", folder.string());
  }
  if (fs::exists(plan_file(folder), error)) {
    if (start == RunStart::kResume) return parse_plan(plan_file(folder));
    reject("[compare] {}: holds a comparison already; go on with it by --resume, or choose another folder with --out",
           folder.string());
  }
  if (start == RunStart::kResume) {
    reject("[compare] {}: there is no comparison to resume; leave out --resume to begin one", folder.string());
  }
  if (there && !fs::is_empty(folder, error)) {
    reject("[compare] {}: holds other files; choose another folder with --out", folder.string());
  }
  return std::nullopt;
}

void write_plan(const fs::path& folder, const ComparisonPlan& plan) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) reject("[compare] {}: the folder cannot be made: {}", folder.string(), error.message());
  json::Value contenders = json::Value::array();
  for (const ComparisonPlan::Share& share : plan.contenders) {
    json::Value row = json::Value::object();
    row.set("name", share.name);
    row.set("origin", share.origin);
    row.set("steps", share.steps);
    contenders.push_back(std::move(row));
  }
  json::Value document = json::Value::object();
  document.set("seeds", plan.seeds);
  document.set("budget_seconds", plan.budget_seconds ? json::Value(*plan.budget_seconds) : json::Value());
  document.set("contenders", std::move(contenders));
  write_file_atomically(plan_file(folder), document.dump(2) + "\n");
}

void check_same_contenders(const ComparisonPlan& plan, const std::vector<Contender>& contenders,
                           const fs::path& folder) {
  std::vector<std::string> before, now;
  for (const ComparisonPlan::Share& share : plan.contenders) before.push_back(share.name);
  for (const Contender& contender : contenders) now.push_back(contender.name);
  if (before == now) return;
  reject("[compare] {}: compares {}, and {} is asked for; go on with the same ones in the same order", folder.string(),
         join(before, ", "), join(now, ", "));
}

void check_same_length(const ComparisonPlan& plan, const ComparisonOptions& options,
                       const std::vector<Contender>& contenders) {
  const auto other = [&](const std::string& began, const std::string& asked) {
    reject("[compare] {}: began with {}, and {} is asked for; leave it out to go on, or begin anew in another folder",
           options.folder, began, asked);
  };
  if (options.budget_seconds && options.budget_seconds != plan.budget_seconds) {
    other(plan.budget_seconds ? "--budget " + format_duration(*plan.budget_seconds) : std::string("no --budget"),
          "--budget " + format_duration(*options.budget_seconds));
  }
  for (std::size_t i = 0; options.steps && i < contenders.size(); ++i) {
    const std::int64_t steps = plan.contenders[i].steps;
    if (contenders[i].to_train() && steps != *options.steps) {
      other(format("{} steps of {}", steps, contenders[i].name), format("--steps {}", *options.steps));
    }
  }
}

void recompute_as_before(const fs::path& folder, TrainOptions& train) {
  const fs::path path = RunFolder{folder}.config();
  std::error_code error;
  if (!fs::exists(path, error)) return;
  const json::Value config = json::read_file(path);
  const auto before = options_from_json<TrainOptions>(config.at("train", path.string()), path.string());
  train.recompute = before.recompute;
  train.segment = before.segment;
}

}  // namespace nextframe
