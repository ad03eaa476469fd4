#include "app/commands/training_plan.h"

#include <algorithm>

#include "app/bench/bench_config.h"
#include "core/base/error.h"
#include "core/base/memory.h"
#include "core/base/text.h"

namespace nextframe::app {

Plan plan_training(const Config& config, const DataSet& data, const Backend& backend) {
  WorkloadOptions options = workload_of(config, data.crop_height(), data.crop_width(), data.channels());
  options.activations = activation_type(config.train.precision, backend);
  Plan plan = make_plan(options);
  if (config.train.validation_batch > options.batch && data.window_count(Split::kValidation) > 0) {
    options.batch = config.train.validation_batch;
    plan.training_bytes = std::max(plan.training_bytes, make_plan(options).forecast_bytes);
  }
  return plan;
}

std::int64_t other_bytes(const Config& config, const DataSet& data, const Plan& plan) {
  constexpr std::int64_t kProgram = 150'000'000;
  constexpr std::int64_t kFloat = sizeof(float);
  const std::int64_t frame = data.crop_height() * data.crop_width() * data.channels() * kFloat;
  const bool guided = config.model.guide != Guidance::kNone;
  const std::int64_t frames = data.sequence_length() + (guided ? config.data.horizon : 0);
  const std::int64_t batch = frame * frames * std::max(config.train.batch, config.train.validation_batch);
  // The motions that a guide keeps, and those of validation.
  const std::int64_t guides = guided ? 2 * 256'000'000 : 0;
  // Weights reordered for both directions, their average, and the copies of a checkpoint being written.
  const std::int64_t weights = plan.parameters * kFloat * (config.train.ema > 0 ? 7 : 5);
  return kProgram + guides + weights + batch * (config.data.prefetch + 2);
}

void check_memory(const Config& config, const DataSet& data, const Backend& backend) {
  const Plan plan = plan_training(config, data, backend);
  const auto needed = static_cast<double>(plan.training_bytes + other_bytes(config, data, plan));
  const auto available = static_cast<double>(available_memory_bytes());
  if (available > 0 && needed > available) {
    reject(
        "[train] needs about {} of memory, {} is available; a smaller train.batch (with train.accumulate), "
        "train.validation_batch, data.crop, "
        "data.size or data.context needs less",
        format_bytes(needed), format_bytes(available));
  }
}

}  // namespace nextframe::app
