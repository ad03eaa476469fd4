#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/log.h"
#include "core/base/progress.h"
#include "core/baselines/baseline.h"
#include "core/frames/data_set.h"
#include "core/frames/guide.h"
#include "core/frames/source_table.h"
#include "core/json/value.h"
#include "core/model/model_file.h"
#include "core/model/options.h"
#include "core/train/network_cost.h"
#include "core/train/options.h"
#include "core/train/run_folder.h"
#include "core/train/scores.h"
#include "core/train/sequence_scores.h"
#include "core/train/training_pictures.h"

namespace nextframe {

/// A configuration that is to be trained, or a model that is trained already.
struct Contender {
  std::string name;    ///< unique among the contenders, and a folder's name
  std::string origin;  ///< as the user called it
  ModelOptions model;
  DataOptions data;
  TrainOptions train;
  json::Value config;                          ///< the effective configuration, of which those three are parts
  std::string trained = {};                    ///< model file; empty: to be trained
  std::optional<FrameFormat> trained_on = {};  ///< of a trained model

  bool to_train() const { return trained.empty(); }
};

/// Rejects contenders that cannot be compared: that see or forecast other frames, in other units, or test on others. The
/// message names each key that differs, with both values. How a configuration trains (pieces, augmentation, sampling,
/// batch, loss) is its own affair; how long and from which seed is not.
void check_contenders(const std::vector<Contender>& contenders);

struct ComparisonOptions {
  /// Runs of each configuration, from its train.seed on; unset: as many as a resumed comparison began with, else one.
  std::optional<std::int64_t> seeds;
  std::optional<std::int64_t> steps;  ///< of each run; else as many as fit into budget_seconds, else train.steps
  std::optional<double>
      budget_seconds;  ///< wall time of each run, validations included: made steps of, at the speed that
                       ///< is measured before the first training, so that schedules reach their end
  std::vector<std::int64_t> horizons;  ///< means are taken up to each of them; empty: data.horizon
  ScoreSelection scores;               ///< without metrics: the usual ones
  std::vector<std::string> baselines{"persistence"};
  BaselineTable baseline_table = engine_baselines();
  BaselineOptions baseline_options;
  Split split = Split::kTest;
  std::int64_t batch = 8;  ///< see sequences_at_once()
  std::int64_t limit = 0;  ///< at most so many windows, evenly spread; 0: all
  std::string folder;      ///< of the runs; empty where nothing is to be trained
  RunStart start = RunStart::kNew;
  std::optional<std::int64_t> memory_limit;  ///< bytes
  std::optional<Precision> precision;        ///< of trained models; unset: as they were trained
  TimingOptions timing;
};

/// What a comparison works with; all of it outlives it.
struct ComparisonServices {
  Backend& backend;
  const SourceTable& sources;
  Log& log;
  TrainingPictures& pictures;
  std::function<bool()> interrupted = [] { return false; };
  DecodeObserver observer = {};
  Progress::Display display = Progress::Display::kAutomatic;
  GuideFactory guides = {};  ///< for guided networks
};

/// One training, or a trained model, and its scores.
struct ComparedRun {
  std::int64_t seed = 0;
  std::string model;           ///< the file that was scored
  std::string folder = {};     ///< of the run; empty for a trained model
  std::int64_t steps = 0;      ///< of the training
  std::int64_t best_step = 0;  ///< that the scored weights are of
  double seconds = 0;          ///< of the training
  std::vector<MetricScores> scores = {};
};

/// A score of several runs.
struct SeedScores {
  MetricScores mean;                   ///< over the runs; without counts
  std::vector<double> deviation = {};  ///< between the runs, by lead time; NaN for a single one
  std::vector<double> means = {};      ///< up to each horizon, mean over runs
  std::vector<double> means_deviation = {};
};

struct ContenderResult {
  std::string name;
  std::string origin;
  json::Value config;
  bool trained_here = false;
  std::int64_t budget_steps = 0;  ///< that its runs were given
  NetworkCost cost;
  std::vector<ComparedRun> runs;
  std::vector<SeedScores> scores;  ///< one for each metric
};

/// The differences of two contenders: for each metric up to each horizon, then at each lead time.
struct PairResult {
  std::size_t first = 0;  ///< numbers of contenders
  std::size_t second = 0;
  std::vector<ScoreContrast> means;         ///< [metrics][horizons]
  std::vector<ScoreContrast> by_lead_time;  ///< [metrics][lead times]
};

/// Everything that a comparison found: all that a table or a page of it needs.
struct ComparisonResult {
  std::string data;   ///< what was tested on
  std::string units;  ///< of values: "mm/h"; empty where they are scaled to 0..1
  Split split = Split::kTest;
  std::int64_t sequences = 0;
  std::int64_t context = 0;
  std::int64_t trained_horizon = 0;
  std::vector<std::int64_t> horizons;
  double seconds_per_frame = 0;  ///< 0: not known
  bool trains_on_crops = false;  ///< a contender's training sees pieces of frames; forecasts are of whole ones
  std::int64_t seeds = 1;
  std::optional<double> budget_seconds;
  std::string backend;  ///< what computed, and with which instructions
  std::string instructions;
  std::vector<ContenderResult> contenders;
  std::vector<SeedScores> baselines;  ///< [baselines][metrics], of one run
  std::vector<std::string> baseline_names;
  std::vector<PairResult> pairs;
  bool interrupted = false;  ///< everything is saved; the rest is empty

  std::size_t metrics() const { return contenders.front().scores.size(); }
  const SeedScores& baseline(std::size_t number, std::size_t metric) const {
    return baselines[number * metrics() + metric];
  }
};

/// Checks everything, measures costs, and settles each contender's steps, before anything is trained.
class Comparison {
 public:
  /// Rejects what check_contenders(), DataSet, Learner, fit_training() and Contest reject, a budget that is too short for a
  /// step and its validation, a folder that holds a comparison already (kNew), another length than the one that it began with (kResume),
  /// and models of other units or scored on another range of values.
  Comparison(std::vector<Contender> contenders, ComparisonOptions options, const ComparisonServices& services);
  ~Comparison();
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  /// Trains what is to be trained, seed by seed, scores every run on the same windows and compares them. Runs that are
  /// done are not trained again (kResume).
  ComparisonResult run();

 private:
  class Work;
  std::unique_ptr<Work> work_;
};

/// The whole result as one document.
json::Value to_json(const ComparisonResult& result);

}  // namespace nextframe
