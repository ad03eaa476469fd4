#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/backend.h"
#include "core/base/log.h"
#include "core/base/progress.h"
#include "core/frames/batch.h"
#include "core/frames/data_set.h"
#include "core/json/value.h"
#include "core/model/options.h"
#include "core/train/checkpoint.h"
#include "core/train/event_file.h"
#include "core/train/learner.h"
#include "core/train/options.h"
#include "core/train/run_folder.h"
#include "core/train/training_pictures.h"
#include "core/train/validation.h"

namespace nextframe {

/// What is to be trained, and where its files go.
struct TrainRequest {
  ModelOptions model;
  TrainOptions train;
  json::Value config;  ///< the effective configuration, of which `model` and `train` are parts
  std::string folder;
  RunStart start = RunStart::kNew;
  std::string initial_model;  ///< a model file or run folder to start from; empty: new weights
  /// Of plan_learner() for these options and data, where somebody has made them already; else the trainer does.
  std::optional<LearnerPlans> plans = {};
};

/// What the trainer works with; all of it outlives the trainer.
struct TrainServices {
  Backend& backend;
  const DataSet& data;
  Log& log;
  TrainingPictures& pictures;
  std::function<bool()> interrupted = [] { return false; };
  Progress::Display display = Progress::Display::kAutomatic;
  GuideFactory guides = {};  ///< for guided networks
};

enum class TrainEnd {
  kFinished,     ///< all steps done
  kEarlyStop,    ///< train.early_stop validations without a better score
  kInterrupted,  ///< asked to stop; everything is saved
};

struct TrainResult {
  TrainEnd end = TrainEnd::kFinished;
  std::int64_t steps = 0;
  double last_loss = 0;
  std::int64_t best_step = 0;
  double best_score = 0;  ///< NaN where nothing was validated
  double seconds = 0;
  double waiting_share = 0;  ///< share of the time in which the network waited for data
};

/// One training run: steps, validation, checkpoints, pictures. The data of step s are batches s * accumulate and on of
/// a shuffled order that follows from train.seed, so a run that was killed and resumed gives the same bits as one that
/// was not.
class Trainer {
 public:
  /// Opens the run folder and, when resuming, reads its state. Rejects what open_run_folder, read_checkpoint and Learner
  /// reject, an unknown train.best_metric, and a plateau schedule without validation, before anything is written.
  Trainer(const TrainRequest& request, const TrainServices& services);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Trains to the end. Fails when loss or gradient are not finite and leaves the files as they are: a state is saved
  /// only once the next step has shown that its weights give a finite loss that has not exploded, or at the end of the
  /// run.
  TrainResult run();

 private:
  /// `data` are fingerprint_of() the frames.
  void start_new(const json::Value& data);
  void restore(const Checkpoint& checkpoint, const json::Value& data);
  TrainEnd train();
  /// What a step makes due; kFinished where it goes on.
  TrainEnd after_step();
  bool stopped_early() const;
  std::vector<Batch> next_batches(BatchLoader& loader);
  void do_step(BatchLoader& loader, Progress& progress);
  [[noreturn]] void stop_on_bad_numbers(const Learner::StepResult& result, double lr) const;
  /// What is kept, and what to do after a failure; the end of a message.
  std::string way_on() const;
  bool due(std::int64_t every) const;
  bool should_validate() const;
  /// Whether it came to its end; an interrupted one stays due.
  bool validate();
  void keep_if_best(const ValidationResult& result);
  bool pictures_are_due() const;
  /// Only warns where one cannot be drawn.
  void draw_pictures(const ValidationResult& result);
  /// A picture that was drawn, where it was.
  void add_picture_event(const std::filesystem::path& path, std::size_t number);
  /// Fails, and leaves the files as they are, where the weights are not finite.
  void save();
  /// last.safetensors, and best.safetensors where this step is the best. Always after last.state, from which a resumed
  /// run makes them again: so neither is ever of a step that the state has not taken.
  void write_models();
  TrainResult finish(TrainEnd end);

  TrainRequest request_;
  TrainServices services_;
  FrameFormat frames_;
  GuideMaker guide_;  ///< empty for a network without one
  RunFolder folder_;
  std::optional<RunLog> log_;
  Learner learner_;
  Schedule schedule_;
  std::optional<Validator> validator_;  ///< none where there is nothing to validate on
  std::optional<MetricsLog> metrics_;
  std::optional<EventLog> events_;  ///< the same for TensorBoard, and the pictures
  Checkpoint state_;                ///< its numbers are kept up to date; its buffers are filled only to be saved
  std::int64_t saved_step_ = 0;     ///< that of last.state
  bool save_due_ = false;           ///< the next step saves the state before its update
  std::int64_t first_step_ = 0;     ///< of this run's rate
  double waiting_share_ = 0;
  double last_loss_ = 0;
  Stopwatch watch_;
  double seconds_before_ = 0;
};

}  // namespace nextframe
