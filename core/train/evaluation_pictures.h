#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/frames/frame.h"
#include "core/frames/radar/time_format.h"
#include "core/render/plot.h"
#include "core/render/staged_folder.h"
#include "core/train/curves.h"
#include "core/train/evaluator.h"

namespace nextframe {

/// Keeps the sequences that show most: those whose truth has the largest mean over its known pixels.
class SampleKeeper {
 public:
  struct Sample {
    std::int64_t window = 0;
    double weight = 0;
    std::vector<Frame> truth;
    std::vector<std::vector<Frame>> forecasts;  ///< of each forecaster
  };

  explicit SampleKeeper(std::int64_t most = 2) : most_(most) {}

  /// One sequence, of each forecaster in their order; pixels that do not count are missing.
  void add(std::int64_t window, std::span<const ForecastBatch> forecasts);
  /// In the order of their windows.
  std::vector<Sample> samples() const;

 private:
  std::int64_t most_;
  std::vector<Sample> kept_;
};

struct EvaluationPictureOptions {
  FieldKind kind = FieldKind::kPicture;
  std::vector<SequencePlace> captions = {};  ///< of the samples
};

/// What an evaluation's numbers look like.
struct EvaluationFigure {
  std::string name;  ///< "scores", by lead time; "performance", where events were counted; "spectra" and "reliability"
  Figure figure;
  std::string caption;
};
std::vector<EvaluationFigure> evaluation_figures(const Evaluation& evaluation, const EvaluationCurves& curves);

/// "+30 min", "+0.4 s", or "+3" where the time between frames is not known.
std::string lead_text(std::int64_t lead, const Evaluation& evaluation);

/// Draws into `folder` and returns the files as they will be called once it is committed: scores.png (by lead time),
/// performance.png (where events were counted), spectra.png and reliability.png (where there are such curves), and
/// maps_N.png of each sample: truth, every forecaster, and the first one's error.
std::vector<std::filesystem::path> draw_evaluation(StagedFolder& folder, const Evaluation& evaluation,
                                                   const EvaluationCurves& curves,
                                                   const std::vector<SampleKeeper::Sample>& samples,
                                                   const EvaluationPictureOptions& options);

/// Whether draw_evaluation() gives files such names.
bool is_evaluation_picture(std::string_view name);

}  // namespace nextframe
