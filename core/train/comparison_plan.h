#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/train/comparison.h"
#include "core/train/options.h"
#include "core/train/run_folder.h"

namespace nextframe {

/// What a comparison settled before its first training: plan.json in its folder. A resumed one keeps to it.
struct ComparisonPlan {
  struct Share {
    std::string name;
    std::string origin;
    std::int64_t steps = 0;
  };

  std::int64_t seeds = 1;
  std::optional<double> budget_seconds;
  std::vector<Share> contenders = {};
};

/// The plan in a folder; nothing where it is new or empty. Rejects a folder that holds one (kNew), one that lacks it
/// (kResume), and one with other files.
std::optional<ComparisonPlan> read_plan(const std::filesystem::path& folder, RunStart start);
/// Makes the folder.
void write_plan(const std::filesystem::path& folder, const ComparisonPlan& plan);

/// Rejects to go on with other contenders than the plan's.
void check_same_contenders(const ComparisonPlan& plan, const std::vector<Contender>& contenders,
                           const std::filesystem::path& folder);

/// Rejects a budget, or steps, that differ from the plan's: runs that are done would have another length than those to
/// come.
void check_same_length(const ComparisonPlan& plan, const ComparisonOptions& options,
                       const std::vector<Contender>& contenders);

/// A run's own choice of recomputation, from its configuration in `folder`, where there is one: another would round
/// differently.
void recompute_as_before(const std::filesystem::path& folder, TrainOptions& train);

}  // namespace nextframe
