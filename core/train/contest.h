#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/baselines/baseline.h"
#include "core/frames/batch.h"
#include "core/metrics/sums.h"
#include "core/train/evaluator.h"
#include "core/train/gains.h"
#include "core/train/scores.h"

namespace nextframe {

/// Several forecasters of the same sequences, scored on the pixels that all of them know.
class Contest {
 public:
  /// What is contested, and how it is to be understood.
  struct Field {
    std::vector<std::string> models = {};  ///< their names
    std::int64_t horizon = 0;
    std::int64_t overlap = 1;                                      ///< neighbouring sequences that share frames
    std::int64_t sequences = 0;                                    ///< that will come
    std::function<SequencePlace(std::int64_t window)> place = {};  ///< for those who are shown a sequence
  };

  /// The models of the field, and behind them the baselines that `options` name; `scales` says what a batch's numbers are.
  /// Rejects unknown names.
  Contest(const EvaluateOptions& options, const Field& field, const ScoreScales& scales);

  /// Whether some baseline learns, and shows it the contexts of a batch.
  bool learns() const;
  void learn(const Batch& batch);
  /// Scores all sequences of a batch, in the network's numbers; `forecasts` are the models', of the batch's target's size.
  void add(const Batch& batch, const std::vector<std::vector<float>>& forecasts);

  std::int64_t sequences() const { return sequences_; }
  /// Fills scores, counts and gains.
  void finish(Evaluation& evaluation);

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
  void add_sequence(const Batch& batch, const std::vector<std::vector<float>>& forecasts, std::int64_t n);
  void end_block();
  const Entrant* persistence() const;
  void add_gains(const Entrant& of, const Entrant& over, Evaluation& evaluation) const;

  const ScoreScales& scales_;
  SequenceVisitor visit_;
  Field field_;
  std::int64_t block_;  ///< sequences that are resampled together
  BlockWeights weights_;
  std::vector<Entrant> entrants_;
  std::vector<std::int64_t> valid_pixels_;
  std::int64_t sequences_ = 0;
  std::int64_t in_block_ = 0;  ///< sequences since a block ended
};

}  // namespace nextframe
