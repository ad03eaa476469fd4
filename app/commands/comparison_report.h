#pragma once

#include <string>

#include "core/train/comparison.h"

namespace nextframe::app {

/// One table for people: what each contender costs, every score by lead time and up to each horizon with its spread over
/// the runs, and of two contenders their differences with intervals; of more, the differences in a table below. Then
/// what the intervals allow for.
std::string comparison_text(const ComparisonResult& result);

/// A line for each contender or baseline, score, and lead time or horizon.
std::string comparison_csv(const ComparisonResult& result);

}  // namespace nextframe::app
