#pragma once

#include <cstddef>
#include <string>

#include "core/json/value.h"
#include "core/train/curves.h"
#include "core/train/evaluator.h"

namespace nextframe::app {

struct ReportOptions {
  std::size_t width = 80;  ///< columns of the terminal
  double csi_level = 0.5;  ///< until which lead time each forecaster's CSI stays at or above this
};

/// Units of a score: those of the values where it has none of its own.
std::string units_of(const MetricScores& scores, const Evaluation& evaluation);

/// Tables for people: every score by lead time with its mean, how often events came and were forecast, until when each
/// stays above a CSI, the power that is lost by scale, all the means, and the gains with their intervals.
std::string report_text(const Evaluation& evaluation, const EvaluationCurves& curves, const ReportOptions& options);

/// All of it, as one document.
json::Value report_json(const Evaluation& evaluation, const EvaluationCurves& curves, const ReportOptions& options);

/// A line for each forecaster, score and lead time, and one for the mean.
std::string report_csv(const Evaluation& evaluation);

}  // namespace nextframe::app
