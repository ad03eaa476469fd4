#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/frames/batch.h"
#include "core/frames/normalisation.h"
#include "core/metrics/metric_table.h"
#include "core/model/model_file.h"

namespace nextframe {

/// y = factor x + shift, on arrays.
struct LinearMap {
  double factor = 1;
  double shift = 0;

  void apply(std::vector<float>& values) const;
};

/// From a model's numbers to the scale of the scores: low..high becomes 0..1.
LinearMap unit_scale_of(const FrameFormat& frames);

/// One score of one forecaster. NaN where nothing could be counted.
struct MetricScores {
  std::string metric;
  std::vector<double> by_lead_time;  ///< at lead time 1, 2, ...
  double mean = 0;                   ///< over those lead times that have a score
  std::vector<std::int64_t> frames;  ///< that counted, by lead time
  std::vector<std::int64_t>
      left_out;  ///< without a valid pixel, too small for the metric's window, or of infinite score
};

struct ForecasterScores {
  std::string name;  ///< "model", "persistence", ..., "forecast" for written ones
  std::vector<MetricScores> metrics;
};

/// The metrics that are measured where nobody asks for others.
std::vector<std::string> usual_metrics();

/// Collects all scores of one forecaster.
class ScoreSheet {
 public:
  /// Rejects names that are not in the table of metrics.
  ScoreSheet(std::string name, const std::vector<std::string>& metrics, std::int64_t horizon);

  /// Values scaled to 0..1.
  void add(const ForecastBatch& batch);
  void add(std::int64_t lead, const FramePair& pair);
  ForecasterScores scores() const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, std::unique_ptr<Metric>>> metrics_;
};

/// Forecasts of a batch beside its truth, both [L,N,H,W,C].
ForecastBatch forecast_batch(const Batch& batch, const std::vector<float>& forecast, const std::vector<float>& truth);

/// The PSNR of one sequence: mean over its frames and lead times; missing where it has none.
std::optional<double> sequence_psnr(const ForecastBatch& batch, std::int64_t sequence);

}  // namespace nextframe
