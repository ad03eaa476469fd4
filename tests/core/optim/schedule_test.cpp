#include "core/optim/schedule.h"

#include <gtest/gtest.h>

#include <vector>

namespace nextframe {
namespace {

/// Values as PyTorch 1.13's torch.optim.lr_scheduler gives them, with a highest rate of 0.1.
void expect_rates(const ScheduleOptions& options, std::int64_t total, const std::vector<double>& expected) {
  const Schedule schedule(options, 0.1, total);
  for (std::size_t step = 0; step < expected.size(); ++step) {
    EXPECT_NEAR(schedule.rate(static_cast<std::int64_t>(step)), expected[step], 1e-12) << "step " << step;
  }
}

TEST(Schedule, ConstantWithWarmup) { expect_rates({.warmup = 4}, 6, {0.025, 0.05, 0.075, 0.1, 0.1, 0.1}); }

TEST(Schedule, Step) {
  expect_rates({.type = ScheduleType::kStep, .every = 3, .factor = 0.5}, 8,
               {0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025});
}

TEST(Schedule, CosineAfterWarmup) {
  expect_rates({.type = ScheduleType::kCosine, .warmup = 2, .final_factor = 0.1}, 10,
               {0.05, 0.1, 0.1, 0.096574578963, 0.0868198051534, 0.0722207544564, 0.055, 0.0377792455436,
                0.0231801948466, 0.013425421037});
}

TEST(Schedule, OneCycle) {
  expect_rates({.type = ScheduleType::kOneCycle}, 12,
               {0.004, 0.034978965422, 0.0879285159122, 0.0994415435451, 0.0933012969841, 0.081174565395,
                0.0647378997695, 0.0462637102667, 0.0283060998209, 0.0133477530189, 0.00345669874254, 4e-7});
  expect_rates({.type = ScheduleType::kOneCycle, .pct_start = 0.25, .div = 10, .final_div = 100}, 10,
               {0.01, 0.0775, 0.0989084726567, 0.090460398869, 0.075025, 0.0552711967402, 0.034614601131,
                0.0166269262124, 0.00441840439075, 1e-4});
}

void expect_plateau(const ScheduleOptions& options, Goal goal, const std::vector<double>& scores,
                    const std::vector<double>& rates) {
  Schedule schedule(options, 0.1, 1000);
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(schedule.rate(static_cast<std::int64_t>(i)), rates[i], 1e-12) << "validation " << i;
    schedule.observe(scores[i], goal);
  }
}

TEST(Schedule, PlateauReducesWhenScoresStopImproving) {
  expect_plateau({.type = ScheduleType::kPlateau, .factor = 0.1, .patience = 1, .cooldown = 1, .min_lr = 0.002},
                 Goal::kMinimum, {1, 0.9, 0.95, 0.91, 0.92, 0.8999, 0.93, 0.94, 0.95, 0.5, 0.6, 0.6, 0.6, 0.6},
                 {0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002});
  expect_plateau({.type = ScheduleType::kPlateau, .factor = 0.5, .patience = 1}, Goal::kMaximum,
                 {1, 2, 1, 1, 1, 3, 1, 1}, {0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05});
}

TEST(Schedule, StateGoesOnWhereItStopped) {
  const ScheduleOptions options{.type = ScheduleType::kPlateau, .factor = 0.5, .patience = 1};
  Schedule whole(options, 0.1, 100);
  Schedule first(options, 0.1, 100);
  for (const double score : {1.0, 2.0}) {
    whole.observe(score, Goal::kMinimum);
    first.observe(score, Goal::kMinimum);
  }
  Schedule second(options, 0.1, 100);
  second.set_state(first.state());
  whole.observe(2, Goal::kMinimum);
  second.observe(2, Goal::kMinimum);
  EXPECT_EQ(whole.rate(5), 0.05);
  EXPECT_EQ(second.rate(5), 0.05);
}

TEST(Schedule, EveryNameHasOneRow) {
  for (const ScheduleEntry& entry : kSchedules) {
    EXPECT_EQ(Schedule({.type = entry.type}, 0.1, 1).rate(0) > 0, true) << entry.name;
  }
}

}  // namespace
}  // namespace nextframe
