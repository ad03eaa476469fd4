#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/frames/frame.h"
#include "core/json/value.h"

namespace nextframe {

/// A validation sequence as the model sees it, frames in source units.
struct TrainingSample {
  std::string title;
  std::vector<Frame> context;
  std::vector<Frame> truth;
  std::vector<Frame> forecast;
  double low = 0;  ///< the values shown as black and white
  double high = 255;
  double frames_per_second = 0;  ///< 0: not known
};

/// Draws what a run has learnt. An interface, because the engine alone has no means to write pictures.
class TrainingPictures {
 public:
  TrainingPictures() = default;
  TrainingPictures(const TrainingPictures&) = delete;
  TrainingPictures& operator=(const TrainingPictures&) = delete;
  virtual ~TrainingPictures() = default;

  /// Context, truth, forecast and difference, one row each, as PNG.
  virtual void draw_sample(const std::filesystem::path& path, const TrainingSample& sample) = 0;
  /// Losses and scores against the step, from the records of metrics.jsonl.
  virtual void draw_curves(const std::filesystem::path& path, const std::string& title,
                           const std::vector<json::Value>& records) = 0;
};

/// No pictures at all.
class NoPictures : public TrainingPictures {
 public:
  void draw_sample(const std::filesystem::path&, const TrainingSample&) override {}
  void draw_curves(const std::filesystem::path&, const std::string&, const std::vector<json::Value>&) override {}
};

}  // namespace nextframe
