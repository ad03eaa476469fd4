#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/commands/forecast_arguments.h"
#include "core/base/stderr_log.h"
#include "core/frames/last_frames.h"
#include "core/frames/options.h"
#include "core/train/forecaster.h"
#include "core/train/frame_forecaster.h"
#include "core/train/trained_model.h"

namespace nextframe::app {

/// The model or the baseline that was asked for. Everything about it that can be refused is refused at once.
class ForecasterChoice {
 public:
  ForecasterChoice(const ForecastArguments& arguments, StderrLog& log);

  const ForecastLengths& lengths() const { return lengths_; }
  /// Null for a baseline.
  const TrainedModel* model() const { return model_ ? &*model_ : nullptr; }
  /// Of the configuration that the model was trained by, or of the baseline.
  std::string name() const;
  /// How the input is to be read.
  SourceOptions source_options() const;
  MissingFrames missing_frames() const;

  /// A forecaster of the frames of such a source; it uses the model, so that there may be but one at a time. Rejects a
  /// source that the model cannot take.
  std::unique_ptr<FrameForecaster> make(const SourceInfo& source);
  /// Whether the one made last forecasts red, green and blue one by one.
  bool by_channel() const { return by_channel_; }

 private:
  /// Keeps the network within --memory-limit.
  void fit_memory(const Forecaster& forecaster, const SourceInfo& source);

  const ForecastArguments& arguments_;
  StderrLog& log_;
  std::unique_ptr<Backend> backend_;   ///< null for a baseline
  std::optional<TrainedModel> model_;  ///< none for a baseline
  ForecastLengths lengths_;
  bool by_channel_ = false;
};

}  // namespace nextframe::app
