#pragma once

#include <string>
#include <vector>

#include "core/baselines/options.h"

namespace nextframe::app {

/// Options from assignments such as "flow.method=farneback". Rejects what there is not, with the nearest name.
BaselineOptions baseline_options(const std::vector<std::string>& assignments);

/// "flow.method, flow.interval, ...", for help.
std::string baseline_option_names();

}  // namespace nextframe::app
