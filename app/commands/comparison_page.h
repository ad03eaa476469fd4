#pragma once

#include "core/render/html_page.h"
#include "core/train/comparison.h"

namespace nextframe::app {

/// What compare --report shows: the means with their differences, what each contender costs, the score curves with the
/// spread between runs, how the runs went, the configurations and the machine.
Page comparison_page(const ComparisonResult& result);

}  // namespace nextframe::app
