#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/log.h"
#include "core/base/progress.h"
#include "core/frames/data_set.h"
#include "core/frames/source_table.h"
#include "core/train/trained_model.h"

namespace nextframe {

struct EvaluateOptions {
  std::vector<std::string> baselines{"persistence"};  ///< rows of the table of baselines
  std::vector<std::string> metrics;                   ///< rows of the table of metrics; empty: the usual ones
  Split split = Split::kTest;
  std::int64_t batch = 8;
  std::int64_t limit = 0;  ///< at most so many windows, evenly spread; 0: all
  Progress::Display display = Progress::Display::kAutomatic;
};

/// One score of one forecaster. Scores that are not a number (nothing counted) are NaN.
struct MetricScores {
  std::string metric;
  std::vector<double> by_lead_time;  ///< at lead time 1, 2, ...
  double mean = 0;                   ///< over the lead times
};

struct ForecasterScores {
  std::string name;  ///< "model", "persistence", ..., "forecast" for written ones
  std::vector<MetricScores> metrics;
};

/// How much better than persistence the model is: the mean over sequences of the difference of their PSNR (each from its mean
/// squared error over all lead times), in dB, with the 95 % interval of a paired bootstrap over the sequences.
struct PsnrGain {
  double mean = 0;
  double low = 0;
  double high = 0;
  std::int64_t sequences = 0;
  std::int64_t left_out = 0;  ///< sequences in which one of the two was without any error, or nothing counted
};

struct Evaluation {
  std::string name;  ///< of what was evaluated
  std::string data;  ///< of the truth
  std::int64_t sequences = 0;
  std::int64_t horizon = 0;
  double seconds_per_frame = 0;              ///< 0: not known
  std::vector<std::int64_t> valid_pixels;    ///< that counted, by lead time
  std::vector<ForecasterScores> forecasters; ///< the model first
  std::optional<PsnrGain> gain;              ///< where persistence is among the baselines
};

/// The difference of two forecasters over the same sequences. `first` and `second` hold each sequence's mean squared error on
/// values scaled to 0..1, NaN where nothing counted. The draws follow from a fixed seed.
PsnrGain paired_psnr_gain(const std::vector<double>& first, const std::vector<double>& second);

/// Scores a model and baselines side by side on the windows of one split, on values scaled to 0..1. Streaming: memory does not
/// grow with the number of windows but for two numbers each. Rejects a data set whose channels or normalisation are not the
/// model's, and unknown baselines and metrics.
Evaluation evaluate_model(Backend& backend, TrainedModel& model, const DataSet& data, const EvaluateOptions& options,
                          Log& log);

struct ScoreOptions {
  std::vector<std::string> metrics;
  std::int64_t first_frame = 0;  ///< truth frame that the forecast's first frame stands for
  bool persistence = true;       ///< beside it, where the truth has a frame before
};

/// Scores written forecasts, ours or anybody's, against the frames that came: video, folder or array both. The forecasts are one
/// sequence, or for arrays [N,L,H,W,C] and folders of hindcasts N of them. Values are scaled by the truth's range to 0..1.
/// Rejects sizes, channels or numbers of frames that do not fit.
Evaluation score_forecasts(const SourceTable& sources, const std::string& forecasts, const std::string& truth,
                           const ScoreOptions& options);

}  // namespace nextframe
