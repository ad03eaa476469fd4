#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/evaluation_run.h"
#include "core/json/value.h"

namespace nextframe::app {

struct ReportOptions {
  std::size_t width = 80;  ///< columns of the terminal
  double csi_level = 0.5;  ///< until which lead time each forecaster's CSI stays at or above this
};

/// Units of a score: those of the values where it has none of its own.
std::string units_of(const MetricScores& scores, const Evaluation& evaluation);

/// "mae (mm/h)", and its values as people read them; "-" where there is none.
std::string label_of(const MetricScores& scores, const Evaluation& evaluation);
std::string number_of(double value, const MetricScores& scores, const Evaluation& evaluation);

/// "(0.12 to 0.15)"; nothing where there is no interval.
std::string bounds_text(const std::optional<Interval>& interval);

/// "take it as narrow: ..." of an interval whose blocks are shorter than they should be, see Gain; else nothing.
std::string narrow_text(std::int64_t block, std::int64_t whole_block);

/// Whether any mean has an interval.
bool has_intervals(const Evaluation& evaluation);

/// "12,345 sequences", "1 sequence".
std::string sequences_text(std::int64_t count);

/// "clips/a.mp4 frames 20-39, from 2010-08-26 05:00 UTC".
std::string place_text(const SequencePlace& place);

/// What the first forecaster gains over others, a sentence each.
std::vector<std::string> gain_sentences(const Evaluation& evaluation);

/// Tables for people: every score by lead time with its mean, how often events came and were forecast, until when each
/// stays above a CSI, the power that is lost by scale, all the means, the gains with their intervals, and the best and
/// the worst sequences.
std::string report_text(const Findings& found, const ReportOptions& options);

/// All of it, as one document.
json::Value report_json(const Findings& found, const ReportOptions& options);

/// A line for each forecaster, score and lead time, and one for the mean.
std::string report_csv(const Evaluation& evaluation);

}  // namespace nextframe::app
