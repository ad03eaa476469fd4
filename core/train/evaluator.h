#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/log.h"
#include "core/base/progress.h"
#include "core/baselines/baseline.h"
#include "core/frames/data_set.h"
#include "core/frames/source_table.h"
#include "core/train/gains.h"
#include "core/train/scores.h"
#include "core/train/trained_model.h"

namespace nextframe {

/// Where a sequence comes from, for people.
struct SequencePlace {
  std::string title = {};          ///< "clips/a.mp4 frames 20-39"
  UtcSeconds last_seen = kNoTime;  ///< when the last frame of its context was valid
};
SequencePlace place_of(const DataSet& data, Split split, std::int64_t window);

/// One sequence as it is scored, of each forecaster in their order: forecast, truth and common mask, [L,1,H,W,C].
struct ScoredSequence {
  std::int64_t number = 0;  ///< of its window within the split, or of the written forecast
  SequencePlace place = {};
  ContextFrames context = {};                  ///< what came before, as values; without length where nobody knows it
  std::span<const ForecastBatch> values = {};  ///< see ScoreScale
  std::span<const ForecastBatch> unit = {};
};

/// Gets each sequence that is scored; what the sequence points to is there for the call alone.
using SequenceVisitor = std::function<void(const ScoredSequence& sequence)>;

struct EvaluateOptions {
  BaselineTable baseline_table = engine_baselines();
  std::vector<std::string> baselines{"persistence"};  ///< rows of that table
  BaselineOptions baseline_options;
  ScoreSelection scores;  ///< without metrics: the usual ones
  Split split = Split::kTest;
  std::int64_t batch = 8;                         ///< see sequences_at_once()
  std::int64_t limit = 0;                         ///< at most so many windows, evenly spread; 0: all
  std::function<void()> between_batches = [] {};  ///< may throw to stop
  Progress::Display display = Progress::Display::kAutomatic;
  SequenceVisitor visit = {};  ///< may be empty
  GuideFactory guides = {};    ///< for guided networks
};

/// Scores of several forecasters on the same sequences.
struct Evaluation {
  std::string name;        ///< of what was evaluated: a path
  std::string data;        ///< what it was measured against
  std::string units = {};  ///< of values: "mm/h"; empty where they are scaled to 0..1
  std::int64_t sequences = 0;
  std::int64_t horizon = 0;
  double seconds_per_frame = 0;  ///< 0: not known
  /// Neighbouring sequences that the intervals of scores draw together, and those that share frames: see Gain.
  std::int64_t block = 1;
  std::int64_t whole_block = 1;
  std::vector<std::int64_t> valid_pixels;     ///< that counted, by lead time
  std::vector<ForecasterScores> forecasters;  ///< the model or forecast first
  std::optional<PsnrGain> gain;               ///< of the model over persistence, where that is among them
  /// Where events are counted: of the model over each baseline; without a model of each baseline over persistence.
  std::vector<CsiGain> csi_gains;
};

/// A model that takes part, by the name that it is called.
struct NamedModel {
  std::string name;
  TrainedModel& model;
};

/// Scores models and baselines side by side on the windows of one split, on values scaled to 0..1 by the first
/// model's range. A pixel counts where the truth is known and every one of the forecasters knows its value, so that all are
/// scored on the same ones. Streaming: memory grows with the number of windows by a few numbers each and no more. `data`
/// may be normalised otherwise than the model's own data were. Rejects frames of other channels, a split without
/// windows, unknown baselines and metrics, and models that cannot be compared: of other frames, units or lengths than the
/// first one.
Evaluation evaluate_models(Backend& backend, const std::vector<NamedModel>& models, const DataSet& data,
                           const EvaluateOptions& options, Log& log);
/// A single one, under the name "model".
Evaluation evaluate_model(Backend& backend, TrainedModel& model, const DataSet& data, const EvaluateOptions& options,
                          Log& log);

/// As many sequences at once as `batch` asks for, but fewer of large frames, which take long and much memory one by one.
std::int64_t sequences_at_once(std::int64_t batch, const DataSet& data);

/// How many neighbouring windows of a split share frames, where `evaluated` of its `windows`, evenly spread, are scored.
std::int64_t overlapping_windows(const DataSet& data, std::int64_t windows, std::int64_t evaluated);

/// The same without a model: baselines alone.
Evaluation evaluate_baselines(const DataSet& data, const EvaluateOptions& options);

struct ScoreOptions {
  ScoreSelection scores;                            ///< without metrics: the usual ones
  std::optional<std::int64_t> first_frame;          ///< truth frame that the first forecast frame stands for
  std::int64_t every = 1;                           ///< truth frames from the start of one forecast to that of the next
  std::int64_t gap = 1;                             ///< truth frames from one lead time to the next
  std::optional<ChannelMode> channels;              ///< unset: as they are, or grey where the two differ
  bool persistence = true;                          ///< beside it, where the truth has a frame before
  std::function<void()> between_sequences = [] {};  ///< may throw to stop
  SequenceVisitor visit = {};                       ///< may be empty; gets persistence where a frame came before
  Progress::Display display = Progress::Display::kAutomatic;
};

/// Scores written forecasts, ours or anybody's, beside persistence, against the recording that came. `forecasts` is
///  - a folder of hindcasts, whose names tell which frame each forecasts; what lies beyond the truth's end is left out;
///  - an array of N sequences, the k-th from truth frame first_frame + k * every on, or as many as the truth has;
///  - one sequence (video, folder, array), from first_frame on; it may be left out where both are of equal length.
/// Pixels of integer types are scaled to 0..1 by their own type, floats by the truth's range; rain is scored in mm/h. A
/// pixel counts where the truth, the forecast and the frame before it are known. Rejects sizes, channels
/// or numbers of frames that do not fit.
Evaluation score_forecasts(const SourceTable& sources, const std::string& forecasts, const std::string& truth,
                           const ScoreOptions& options);

}  // namespace nextframe
