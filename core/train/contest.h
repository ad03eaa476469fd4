#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/baselines/baseline.h"
#include "core/frames/batch.h"
#include "core/train/evaluator.h"
#include "core/train/gains.h"
#include "core/train/scores.h"

namespace nextframe {

/// Several forecasters of the same sequences, scored on the pixels that all of them know.
class Contest {
 public:
  enum class Model { kTakesPart, kAbsent };

  /// The baselines that `options` name; `scales` says what a batch's numbers are. Rejects unknown names.
  Contest(const EvaluateOptions& options, Model model, const ScoreScales& scales, std::int64_t horizon);

  /// Whether some baseline learns, and shows it the contexts of a batch.
  bool learns() const;
  void learn(const Batch& batch);
  /// Scores all sequences of a batch, in the network's numbers. `model_forecast` is of the batch's target's size; empty
  /// where there is no model.
  void add(const Batch& batch, const std::vector<float>& model_forecast);

  std::int64_t sequences() const { return sequences_; }
  /// Fills scores, counts and gains. `block`: neighbouring sequences that overlap.
  void finish(std::int64_t block, Evaluation& evaluation) const;

 private:
  struct Entrant {
    std::string name;
    std::unique_ptr<Baseline> baseline;  ///< null: the model
    ScoreSheet sheet;
    EventHistory events = {};
    std::vector<std::optional<double>> psnr = {};  ///< of each sequence; for model and persistence only

    bool keeps_psnr() const { return !baseline || name == "persistence"; }
  };

  void add_entrant(const std::string& name, std::unique_ptr<Baseline> baseline, const ScoreSelection& scores);
  void add_sequence(const Batch& batch, const std::vector<float>& model_forecast, std::int64_t n);
  const Entrant* persistence() const;
  void add_gains(const Entrant& of, const Entrant& over, std::int64_t block, Evaluation& evaluation) const;

  const ScoreScales& scales_;
  SequenceVisitor visit_;
  std::int64_t horizon_;
  std::vector<Entrant> entrants_;
  std::vector<std::int64_t> valid_pixels_;
  std::int64_t sequences_ = 0;
};

}  // namespace nextframe
