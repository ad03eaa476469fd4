#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/metrics/metric.h"
#include "core/metrics/pixel_errors.h"

namespace nextframe {

/// How a structural similarity weighs a window and what it takes for small.
struct SimilarityWindow {
  std::vector<double> weights;    ///< of a row or column of the window, sum 1, odd count; the window is their product
  double covariance_factor = 1;   ///< N / (N - 1) for the sample covariance
  double luminance_constant = 0;  ///< C1 = (0.01 range)^2
  double contrast_constant = 0;   ///< C2 = (0.03 range)^2
};

/// Wang et al. 2004, on frames clipped to 0..1: the mean over all windows that lie wholly inside the frame and hold no
/// masked pixel, then over channels. Missing where there is no such window.
std::optional<double> structural_similarity(const FramePair& pair, const SimilarityWindow& window);

/// The mean over frames of one kind of structural similarity.
class StructuralSimilarity final : public MeanMetric {
 public:
  StructuralSimilarity(std::int64_t horizon, SimilarityWindow window);

 private:
  Sums measure(std::int64_t lead, const FramePair& pair) override;

  SimilarityWindow window_;
};

}  // namespace nextframe
