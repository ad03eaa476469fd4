#pragma once

#include "core/render/plot.h"
#include "core/train/training_pictures.h"

namespace nextframe {

/// Losses and scores against the step, from the records of metrics.jsonl.
TrainingHistory training_history(const std::string& title, const std::vector<json::Value>& records);

/// Montages and curves as PNG, by core/render.
class RenderedPictures : public TrainingPictures {
 public:
  void draw_sample(const std::filesystem::path& path, const TrainingSample& sample) override;
  void draw_curves(const std::filesystem::path& path, const std::string& title,
                   const std::vector<json::Value>& records) override;
};

}  // namespace nextframe
