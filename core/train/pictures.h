#pragma once

#include "core/train/training_pictures.h"

namespace nextframe {

/// Montages and curves as PNG, by core/render.
class RenderedPictures : public TrainingPictures {
 public:
  void draw_sample(const std::filesystem::path& path, const TrainingSample& sample) override;
  void draw_curves(const std::filesystem::path& path, const std::string& title,
                   const std::vector<json::Value>& records) override;
};

}  // namespace nextframe
