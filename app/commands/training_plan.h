#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/config/config.h"
#include "core/json/value.h"
#include "core/train/memory_limit.h"

namespace nextframe::app {

/// The memory of training and of forecasting as a configuration asks for them.
struct MemoryPlans {
  TrainingFit training;
  ForecastFit forecast;
};

/// Within `limit`, as `train` and `forecast` would choose. Without one, train.recompute "auto" is settled by the memory
/// that is available, and what does not fit there is shown all the same.
MemoryPlans plan_memory(const Config& config, const DataSet& data, const Backend& backend,
                        std::optional<std::int64_t> limit);

/// Tables with one row a layer, and what was chosen.
std::string memory_text(const MemoryPlans& plans);
json::Value memory_json(const MemoryPlans& plans);

}  // namespace nextframe::app
