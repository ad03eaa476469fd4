#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/frames/batch.h"
#include "core/frames/normalisation.h"
#include "core/frames/radar/rain_scale.h"
#include "core/metrics/bootstrap.h"
#include "core/metrics/metric_table.h"
#include "core/model/model_file.h"
#include "core/motion/field.h"

namespace nextframe {

/// y = factor x + shift, on arrays.
struct LinearMap {
  double factor = 1;
  double shift = 0;

  void apply(std::vector<float>& values) const;
};

/// From a model's numbers to the scale of the scores: low..high becomes 0..1.
LinearMap unit_scale_of(const FrameFormat& frames);

/// From the numbers of a model, or of a data set, to those that scores are made of, and back.
class ScoreScales {
 public:
  explicit ScoreScales(const FrameFormat& frames);

  FieldKind kind() const { return kind_; }
  /// Of values: "mm/h" for rain, "" for 0..1.
  std::string units() const { return kind_ == FieldKind::kRain ? "mm/h" : ""; }
  /// Whether values are something else than what is scaled to 0..1.
  bool two() const { return kind_ == FieldKind::kRain; }

  void network_to_unit(std::vector<float>& numbers) const { to_unit_.apply(numbers); }
  /// What is not a number stays so.
  void network_to_values(std::vector<float>& numbers) const;
  void values_to_unit(std::vector<float>& values) const;

 private:
  FieldKind kind_ = FieldKind::kPicture;
  LinearMap to_unit_;
  Normalisation normalisation_;
  std::optional<RainScale> rain_;  ///< kRain
};

/// Which scores are measured.
struct ScoreSelection {
  std::vector<std::string> metrics = {};         ///< rows of the table of metrics
  std::vector<double> thresholds = {};           ///< of events, on the scale of the values
  std::vector<std::int64_t> windows{5, 17, 33};  ///< sides of the windows of fss, in pixels
};

/// With the metrics that are measured where nobody asks for others: of pictures those of events as well where there are
/// thresholds, of rain those that meteorologists look at, at 0.5, 1 and 5 mm/h where nobody asks for other thresholds.
ScoreSelection with_usual_metrics(ScoreSelection selection, FieldKind kind);

/// Rejects unknown metrics, those of events without a threshold, and windows without a pixel.
void check_selection(const ScoreSelection& selection);

/// How much a forecaster's score differs from another's on the same sequences.
struct ScoreDifference {
  double mean = 0;
  std::optional<Interval> interval = {};  ///< 95 %; missing where there are too few sequences
};

/// One score of one forecaster. NaN where nothing could be counted.
struct MetricScores {
  std::string metric;
  std::optional<double> threshold = {};     ///< of scores of events
  std::optional<std::int64_t> window = {};  ///< of scores of windows
  std::vector<double> by_lead_time = {};    ///< at lead time 1, 2, ...
  double mean = 0;                          ///< over those lead times that have a score
  std::vector<std::int64_t> frames = {};    ///< that counted, by lead time
  /// Without a valid pixel, too small for the metric's window, or of infinite score.
  std::vector<std::int64_t> left_out = {};
  /// What a score of counted events is made of, by lead time; empty for all others.
  std::vector<Contingency> counts = {};
  /// 95 % intervals of a bootstrap over sequences, by lead time; empty where there are too few sequences.
  std::vector<std::optional<Interval>> intervals = {};
  std::optional<Interval> mean_interval = {};
  /// The mean of each resample: those of two forecasters of the same sequences are paired.
  std::vector<double> resampled_means = {};
  std::optional<ScoreDifference> beyond_first = {};  ///< of the mean, from the first forecaster's

  /// "mae", "csi >= 1", "fss >= 1 in 17 px".
  std::string label() const;
};

struct ForecasterScores {
  std::string name;  ///< "model", "persistence", ..., "forecast" for written ones
  std::vector<MetricScores> metrics;

  /// Null where it was not measured; the first one where several thresholds or windows were.
  const MetricScores* find(std::string_view metric, std::optional<double> threshold = {}) const;
};

/// Fills in `beyond_first` of all forecasters but the first one.
void compare_with_first(std::vector<ForecasterScores>& forecasters);

/// Whose mean of a metric is better than everybody else's beyond doubt: the 95 % interval of the paired difference of how
/// far each is from perfect is below 0, from each of the others. Missing where there is none, and where compare_with_first()
/// was not called, because the forecasters' sequences are not the same.
std::optional<std::size_t> clearly_best(const std::vector<ForecasterScores>& forecasters, std::size_t metric);

/// Until which lead time a score stays at or above a level, in frames, linear between lead times: 0 where the first one
/// is below already or missing, the last lead time where none is below.
double lead_time_above(const std::vector<double>& by_lead_time, double level);

/// Collects all scores of one forecaster.
class ScoreSheet {
 public:
  /// Rejects what check_selection rejects.
  ScoreSheet(std::string name, const ScoreSelection& selection, std::int64_t horizon);

  /// The same frames twice: scaled to 0..1, and as values (see ScoreScale).
  void add(const ForecastBatch& unit, const ForecastBatch& values);
  void add(std::int64_t lead, const FramePair& unit, const FramePair& values);
  /// Where the values are those scaled to 0..1.
  void add(const ForecastBatch& unit) { add(unit, unit); }
  void add(std::int64_t lead, const FramePair& unit) { add(lead, unit, unit); }

  /// From now on resamples are kept, for intervals: see BlockWeights.
  void resample();
  /// What was added since the call before is one block of sequences that are alike.
  void end_block(std::span<const std::uint8_t> weights);

  enum class Intervals { kNone, kOfResamples };
  ForecasterScores scores(Intervals intervals = Intervals::kNone) const;
  /// What row `number` of scores() is made of, by lead time. Sums of the same sheet may be added up.
  const LeadTimeSums& sums(std::size_t number) const;
  /// The score of such sums; missing where nothing counts.
  std::optional<double> score_of(std::size_t number, const Sums& sums) const;
  bool is_mean(std::size_t number) const { return rows_[number].metric && rows_[number].metric->is_mean(); }
  /// Empties sums(); to be followed by nothing but sums(), since counts of events stay.
  void restart_sums();
  /// Counts of events by pixels, one table a threshold, where a score asks for them.
  std::vector<const ContingencyTable*> tables() const;

 private:
  struct Row {
    const MetricEntry* entry = nullptr;
    std::optional<double> threshold = {};
    std::optional<std::int64_t> window = {};
    std::unique_ptr<Metric> metric = {};
    std::size_t table = 0;  ///< where the entry has a formula
  };

  void add_event_rows(const MetricEntry& entry, const ScoreSelection& selection);
  std::size_t table_of(double threshold, std::int64_t pool);
  void fill(const Row& row, MetricScores& scores) const;
  void add_intervals(const Row& row, MetricScores& scores) const;
  Score resampled(const Row& row, std::int64_t resample, std::size_t lead) const;

  std::string name_;
  std::int64_t horizon_;
  std::vector<Row> rows_;
  std::vector<ContingencyTable> tables_;
};

/// Forecasts of a batch beside its truth, both [L,N,H,W,C].
ForecastBatch forecast_batch(const Batch& batch, const std::vector<float>& forecast, const std::vector<float>& truth);

/// The PSNR of one sequence: mean over its frames and lead times; missing where it has none.
std::optional<double> sequence_psnr(const ForecastBatch& batch, std::int64_t sequence);

}  // namespace nextframe
