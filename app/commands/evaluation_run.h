#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/commands/run_support.h"
#include "core/base/stderr_log.h"
#include "core/train/curves.h"
#include "core/train/evaluation_pictures.h"
#include "core/train/evaluator.h"
#include "core/train/gallery.h"

namespace nextframe::app {

struct EvaluateArguments {
  std::string subject;
  std::vector<std::string> also;
  std::optional<std::string> data;
  std::string baselines = "persistence";
  std::vector<std::string> baseline_options;
  std::string metrics;
  std::string thresholds;
  std::string windows;
  std::string csi_level;
  std::optional<std::string> csv;
  std::optional<std::string> plots;
  std::optional<std::string> report;
  std::string rank_by;
  bool overwrite = false;
  std::vector<std::string> overrides;
  std::optional<Split> split;
  std::optional<std::int64_t> batch;
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> first_frame;
  std::optional<std::int64_t> every;
  std::optional<std::int64_t> gap;
  ArrayLayout layout = ArrayLayout::kAuto;
  std::vector<std::string> inputs;
  bool json = false;
  ComputeArguments compute;
  MemoryArguments memory;
};

/// Everything that an evaluation found.
struct Findings {
  Evaluation evaluation;
  std::string title = {};  ///< what was scored, in short: "gru, lstm"
  EvaluationCurves curves = {};
  std::vector<SampleKeeper::Sample> samples = {};  ///< for --plots
  EvaluationPictureOptions pictures = {};          ///< likewise
  Gallery gallery = {};
  std::int64_t context = 0;                                              ///< frames that the gallery's films begin with
  std::vector<std::pair<std::string, json::Value>> configurations = {};  ///< of each model, by its name
};

/// Scores what `arguments` name: models, a configuration's baselines, or written forecasts. Everything about them that can
/// be refused is refused before the first sequence is forecast.
Findings evaluate(const EvaluateArguments& arguments, const InterruptGuard& guard, StderrLog& log);

/// Names of all metrics and curves, for help.
std::string score_names();

}  // namespace nextframe::app
