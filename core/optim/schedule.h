#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace nextframe {

enum class ScheduleType { kConstant, kStep, kCosine, kOneCycle, kPlateau };

struct ScheduleOptions;

/// A schedule's learning rate relative to the highest, for `step` = 0 .. total-1; warm-up is not part of it.
using ScheduleShape = double (*)(const ScheduleOptions& options, std::int64_t step, std::int64_t total);

/// One row a schedule: its name in the configuration and its shape.
struct ScheduleEntry {
  std::string_view name;
  ScheduleType type;
  ScheduleShape shape;
};

double constant_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t total);
/// factor ^ floor(step / every), PyTorch's StepLR.
double step_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t total);
/// Half a cosine from 1 down to final_factor, PyTorch's CosineAnnealingLR.
double cosine_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t total);
/// PyTorch's OneCycleLR with cosine annealing in two phases (Smith and Topin 2018): from 1/div up to 1 at pct_start of
/// all steps, then down to 1/(div final_div).
double one_cycle_shape(const ScheduleOptions& options, std::int64_t step, std::int64_t total);

inline constexpr std::array<ScheduleEntry, 5> kSchedules{{
    {"constant", ScheduleType::kConstant, constant_shape},
    {"step", ScheduleType::kStep, step_shape},
    {"cosine", ScheduleType::kCosine, cosine_shape},
    {"onecycle", ScheduleType::kOneCycle, one_cycle_shape},
    {"plateau", ScheduleType::kPlateau, constant_shape},  // lowered by Schedule::observe
}};

constexpr auto enum_names(ScheduleType) {
  std::array<std::pair<std::string_view, ScheduleType>, kSchedules.size()> names{};
  for (std::size_t i = 0; i < kSchedules.size(); ++i) names[i] = {kSchedules[i].name, kSchedules[i].type};
  return names;
}

/// How the learning rate changes over a run. Counts are optimizer steps.
struct ScheduleOptions {
  ScheduleType type = ScheduleType::kConstant;
  std::int64_t warmup = 0;
  std::int64_t every = 1000;
  double factor = 0.1;
  double final_factor = 0;
  double pct_start = 0.3;
  double div = 25;
  double final_div = 1e4;
  std::int64_t patience = 10;
  double threshold = 1e-4;
  std::int64_t cooldown = 0;
  double min_lr = 0;

  static constexpr double kMostSteps = 1e12;

  template <class Visitor>
  void fields(Visitor& v) {
    v.field("type", type, {.doc = "how the learning rate changes over the steps"});
    v.field("warmup", warmup,
            {.doc = "steps over which the rate first rises linearly to train.optimizer.lr (not for onecycle, which "
                    "rises by itself)",
             .min = 0,
             .max = kMostSteps});
    v.field("every", every, {.doc = "step: steps between two reductions", .min = 1, .max = kMostSteps});
    v.field("factor", factor, {.doc = "step, plateau: what a reduction multiplies the rate with", .min = 0, .max = 1});
    v.field("final_factor", final_factor,
            {.doc = "cosine: the last rate as a share of train.optimizer.lr", .min = 0, .max = 1});
    v.field("pct_start", pct_start,
            {.doc = "onecycle: share of the steps in which the rate rises", .min = 0, .max = 1});
    v.field("div", div, {.doc = "onecycle: the highest rate over the first", .min = 1});
    v.field("final_div", final_div, {.doc = "onecycle: the first rate over the last", .min = 1});
    v.field("patience", patience,
            {.doc = "plateau: validations without improvement that are borne before a reduction",
             .min = 0,
             .max = kMostSteps});
    v.field("threshold", threshold,
            {.doc = "plateau: relative change of the best score that counts as an improvement", .min = 0, .max = 1});
    v.field("cooldown", cooldown,
            {.doc = "plateau: validations after a reduction that do not count", .min = 0, .max = kMostSteps});
    v.field("min_lr", min_lr, {.doc = "plateau: the rate is not reduced below this", .min = 0});
  }
};

/// Whether small or large scores are good.
enum class Goal { kMinimum, kMaximum };

/// The learning rate of each step of a run.
class Schedule {
 public:
  /// What a plateau schedule has seen, for checkpoints. Untouched by the others.
  struct State {
    double best = std::numeric_limits<double>::quiet_NaN();  ///< NaN: nothing seen yet
    std::int64_t bad = 0;
    std::int64_t cooling = 0;
    double reduction = 1;  ///< product of all reductions

    bool operator==(const State&) const = default;
  };

  /// `lr` is the highest rate; `total` the number of steps of the whole run.
  Schedule(const ScheduleOptions& options, double lr, std::int64_t total);

  /// The rate of step 0 .. total-1.
  double rate(std::int64_t step) const;
  /// Tells a plateau schedule a validation's score, as PyTorch's ReduceLROnPlateau (relative threshold); the others
  /// ignore it.
  void observe(double score, Goal goal);

  const State& state() const { return state_; }
  void set_state(const State& state) { state_ = state; }

 private:
  ScheduleOptions options_;
  double lr_;
  std::int64_t total_;
  ScheduleShape shape_;
  State state_;
};

}  // namespace nextframe
