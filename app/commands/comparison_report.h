#pragma once

#include <string>
#include <vector>

#include "core/train/comparison.h"

namespace nextframe::app {

/// One table for people: what each contender costs, every score by lead time and up to each horizon with its spread over
/// the runs, and of two contenders their differences with intervals; of more, the differences in a table below. Then
/// what the intervals allow for.
std::string comparison_text(const ComparisonResult& result);

/// Its parts, for other forms of it: rows of cells with the costs (a column for each contender and baseline; of two
/// contenders three more, the first as a multiple of the second and two that are empty), the cells of a difference
/// (itself, its interval, and whom the data call better), the name of a score with its units, and what intervals allow for.
std::vector<std::vector<std::string>> cost_rows(const ComparisonResult& result);
std::vector<std::string> difference_cells(const ComparisonResult& result, const PairResult& pair,
                                          const ScoreContrast& difference);
std::string comparison_label(const MetricScores& metric, const ComparisonResult& result);
std::string comparison_footnote(const ComparisonResult& result);

/// A line for each contender or baseline, score, and lead time or horizon.
std::string comparison_csv(const ComparisonResult& result);

}  // namespace nextframe::app
