#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/metrics/bootstrap.h"
#include "core/train/scores.h"

namespace nextframe {

/// Lead times from one up to another, counted from 1, both of them included.
struct LeadTimes {
  std::int64_t first = 1;
  std::int64_t last = 1;

  bool operator==(const LeadTimes&) const = default;
};

/// What the scores of every single sequence are made of, so that the score of any of them together can be had: what the
/// differences between two forecasters are resampled from. Takes a few numbers a sequence, score and lead time.
class SequenceScores {
 public:
  /// Rejects what check_selection rejects.
  SequenceScores(const ScoreSelection& selection, std::int64_t horizon, const ScoreScales& scales);

  /// Forecast, truth and common mask of one sequence as values, see SequenceVisitor.
  void add(const ForecastBatch& values);

  std::int64_t sequences() const { return sequences_; }
  std::int64_t horizon() const { return horizon_; }
  std::size_t metrics() const { return rows_.size(); }
  /// What row `metric` is a score of; its numbers are empty.
  const MetricScores& metric(std::size_t metric) const { return rows_[metric].kind; }

  /// Row `metric` over the sequences drawn, as a ScoreSheet of them has it, at each of the lead times. NaN where nothing
  /// counts.
  std::vector<double> by_lead_time(std::size_t metric, const LeadTimes& leads,
                                   std::span<const std::int64_t> sequences) const;
  /// Whether anything of a sequence counts at one of the lead times.
  bool counts(std::size_t metric, const LeadTimes& leads, std::int64_t sequence) const;
  /// Where a score of several sequences is the mean of theirs, every one weighing this much at each of the lead times;
  /// nothing where it is another one, or where weights differ.
  std::optional<double> common_weight(std::size_t metric, const LeadTimes& leads,
                                      std::span<const std::int64_t> sequences) const;

 private:
  struct Row {
    MetricScores kind;
    std::size_t used = 0;           ///< of Sums' values
    std::vector<double> sums = {};  ///< [sequences][leads][used]
  };
  std::span<const double> sums_of(const Row& row, std::int64_t sequence, std::int64_t lead) const;

  std::int64_t horizon_;
  ScoreScales scales_;
  ScoreSheet sheet_;  ///< of one sequence at a time
  std::vector<Row> rows_;
  std::int64_t sequences_ = 0;
};

/// What the data say of two forecasters.
enum class Verdict { kFirst, kSecond, kOpen };

constexpr auto enum_names(Verdict) {
  return std::array<std::pair<std::string_view, Verdict>, 3>{
      {{"first", Verdict::kFirst}, {"second", Verdict::kSecond}, {"open", Verdict::kOpen}}};
}

/// Which chance an interval allows for.
enum class Covers {
  kWindows,          ///< other windows of the same data, for these very weights
  kWindowsAndSeeds,  ///< and other seeds to train from
};

constexpr auto enum_names(Covers) {
  return std::array<std::pair<std::string_view, Covers>, 2>{
      {{"windows", Covers::kWindows}, {"windows and seeds", Covers::kWindowsAndSeeds}}};
}

/// The difference of one score, first - second, each the mean over its runs: of the scores of all sequences together, at
/// each lead time at which all runs have one, mean over those.
struct ScoreContrast {
  MetricScores metric;  ///< which score; its numbers are empty
  LeadTimes leads;
  double mean = 0;                   ///< NaN where nothing counts
  std::optional<Interval> interval;  ///< 95 %; missing where there is too little to say
  Covers covers = Covers::kWindows;
  /// kOpen unless the interval lies on one side of 0 and the score has a better side.
  Verdict better = Verdict::kOpen;
  std::int64_t windows = 0;  ///< that count in some run
  std::int64_t block = 1;    ///< neighbouring windows that were drawn together
  std::int64_t whole_block = 1;
};

/// The runs of each side, on the same sequences. `block`: neighbouring windows that overlap. Where both sides have several
/// runs the interval allows for the spread between them as well (RunSpread).
ScoreContrast compare_scores(std::span<const SequenceScores* const> first,
                             std::span<const SequenceScores* const> second, std::size_t metric, const LeadTimes& leads,
                             std::int64_t block);

}  // namespace nextframe
